import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { formatDuration } from '../page/format/durations.ts'
import { formatNumber } from '../page/format/numbers.ts'
import { formatShortTime } from '../page/format/times.ts'
import { engineLines } from './engine-text.ts'
import { Line } from './line.tsx'
import { Notices } from './notices.tsx'
import type { EventSnapshot, Snapshot, StoreSnapshot } from './snapshot.ts'
import { Table } from './table.tsx'
import { statusColor } from './table-columns.ts'
import { buildStoreTable } from './table-model.ts'
import type { ViewState } from './view-state.ts'

interface StoreDetailsProps {
  readonly snapshot: Snapshot
  readonly state: ViewState
  readonly width: number
}

/** One store: its operations, its engine, what is wrong with it, and what happened last. */
export function StoreDetails({ snapshot, state, width }: StoreDetailsProps): ReactNode {
  const { openStore = '', scroll } = state
  const store = snapshot.stores.find((one) => one.store === openStore)
  if (store === undefined) return <Text>{`The store ${openStore} is not there.`}</Text>
  const isOf = (one: { readonly store?: string }): boolean => one.store === openStore
  const entries = [
    <StoreTitle key="title" store={store} />,
    <Box key="operations" flexShrink={0} marginY={1}>
      <Table table={buildStoreTable(snapshot, openStore, state, width - 1)} />
    </Box>,
    ...engineLines(store).map((line) => <EngineLines key={line[0]} lines={[line]} />),
    <Box key="notices" flexShrink={0} marginY={1}>
      <Notices findings={snapshot.findings.filter(isOf)} alerts={snapshot.alerts.filter(isOf)} nowMs={snapshot.timeMs} />
    </Box>,
    ...eventsOf(snapshot, openStore).map((event, index) => (
      <Line key={`${event.kind}\n${event.startMs}\n${index}`}>
        <EventText event={event} timeMs={snapshot.timeMs} />
      </Line>
    )),
  ]
  return entries.slice(scroll)
}

/** Returns how many entries the details of a store have, for scrolling. */
export function storeEntryCount(snapshot: Snapshot, name: string): number {
  const store = snapshot.stores.find((one) => one.store === name)
  return store === undefined ? 1 : 3 + engineLines(store).length + eventsOf(snapshot, name).length
}

function eventsOf({ events }: Snapshot, store: string): EventSnapshot[] {
  return events.filter((event) => event.store === store)
}

function EventText({ event, timeMs }: { readonly event: EventSnapshot; readonly timeMs: number }): ReactNode {
  const { severity, title, startMs, endMs } = event
  const colors = { info: undefined, warning: 'yellow', critical: 'red' } as const
  const color = colors[severity]
  const seconds = ((endMs ?? timeMs) - startMs) / 1000
  return (
    <>
      <Text dimColor>{`${formatShortTime(startMs, timeMs)}  `}</Text>
      <Text {...(color && { color })}>{title}</Text>
      {endMs === undefined ? ', not over yet' : seconds > 0 && `  ${formatDuration(seconds)}`}
    </>
  )
}

/** What the parts of an engine report, each with its title. */
export function EngineLines({ lines }: { readonly lines: ReturnType<typeof engineLines> }): ReactNode {
  return lines.map(([title, text]) => (
    <Line key={title}>
      <Text dimColor>{title.padEnd(12)}</Text>
      {text}
    </Line>
  ))
}

function StoreTitle({ store }: { readonly store: StoreSnapshot }): ReactNode {
  const { store: name, engine, engineVersion, adapter, health, state, inFlight, oldestOperationSeconds = 0 } = store
  const through = adapter === undefined || adapter === engine ? '' : `(${adapter})`
  return (
    <Line>
      <Text bold color="cyan">
        {name}
      </Text>
      {'  '}
      <Text color={statusColor(health)}>{health}</Text>
      {`  ${[engine, engineVersion, through, state].filter(Boolean).join(' ')}`}
      {inFlight !== undefined && `  ${formatNumber(inFlight)} in flight`}
      {oldestOperationSeconds > 0 && `, the oldest for ${formatDuration(oldestOperationSeconds)}`}
    </Line>
  )
}
