import type { NotificationRecord } from '../../api/types.ts'
import { Status } from '../../components/status.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { linkTo } from '../../router.ts'

const results = {
  sent: { status: 'healthy', word: 'sent' },
  failed: { status: 'unhealthy', word: 'failed, tried again' },
  dropped: { status: 'critical', word: 'given up' },
  silenced: { status: 'unknown', word: 'silenced' },
} as const

/** What became of the last notifications, newest first. */
export function NotificationTable({
  notifications,
  maxHeight,
  isOfOneRule = false,
}: {
  readonly notifications: readonly NotificationRecord[]
  readonly maxHeight?: number
  readonly isOfOneRule?: boolean
}) {
  const rows = notifications.map((one, index) => ({ ...one, index }))
  return (
    <Table
      caption="Notifications, newest first"
      rows={rows}
      rowKey={({ index }) => String(index)}
      maxHeight={maxHeight}
      empty="No notification was due since the start. They are sent when an alert fires and when it resolves."
      columns={[
        { key: 'time', title: 'Time', isRowHeader: true, render: ({ atMs }) => <TimeText timeMs={atMs} as="clock" /> },
        {
          key: 'result',
          title: 'Result',
          sortBy: ({ result }) => result,
          render: ({ result }) => <Status {...results[result]} />,
        },
        { key: 'notifier', title: 'Notifier', sortBy: ({ notifier }) => notifier, render: ({ notifier }) => notifier },
        ...(isOfOneRule ? [] : [ruleColumn]),
        { key: 'reason', title: 'Reason', render: ({ reason }) => reason },
      ]}
    />
  )
}

const ruleColumn: Column<NotificationRecord> = {
  key: 'rule',
  title: 'Rule',
  sortBy: ({ rule }) => rule,
  render: ({ rule }) => <a href={linkTo('alerts', { rule })}>{rule}</a>,
}
