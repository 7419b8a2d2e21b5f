import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { formatDuration } from '../page/format/durations.ts'
import { formatNumber } from '../page/format/numbers.ts'
import { engineLines } from './engine-text.ts'
import { Line } from './line.tsx'
import { Notices } from './notices.tsx'
import type { Snapshot, StoreSnapshot } from './snapshot.ts'
import { Table } from './table.tsx'
import { statusColor } from './table-columns.ts'
import { buildStoreTable } from './table-model.ts'
import type { ViewState } from './view-state.ts'

interface StoreDetailsProps {
  readonly snapshot: Snapshot
  readonly state: ViewState
  readonly width: number
}

/** One store: its operations, its engine, and what is wrong with it. */
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
    <Box key="notices" flexShrink={0} marginTop={1}>
      <Notices findings={snapshot.findings.filter(isOf)} alerts={snapshot.alerts.filter(isOf)} nowMs={snapshot.timeMs} />
    </Box>,
  ]
  return entries.slice(scroll)
}

/** Returns how many entries the details of a store have, for scrolling. */
export function storeEntryCount(store: StoreSnapshot): number {
  return 3 + engineLines(store).length
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
