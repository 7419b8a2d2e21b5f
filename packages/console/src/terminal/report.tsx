import { Box } from 'ink'
import type { ReactNode } from 'react'
import { engineParts } from './engine-text.ts'
import { Heading } from './heading.tsx'
import { Line } from './line.tsx'
import { Notices } from './notices.tsx'
import type { Snapshot } from './snapshot.ts'
import { Table } from './table.tsx'
import { buildTable } from './table-model.ts'

interface ReportProps {
  readonly snapshot: Snapshot
  readonly sort: string
  readonly filter: string
  readonly columns: number
}

/** A snapshot for a log or a pipe: the tables of stores and of operations, the engines, and what is wrong, as long as it takes. */
export function Report({ snapshot, sort, filter, columns }: ReportProps): ReactNode {
  const tables = (['stores', 'operations'] as const).map((table) =>
    buildTable(snapshot, { table, filter, sort, isReversed: false }, columns - 1),
  )
  const shown = new Set(tables[0]?.rows.map(({ store }) => store))
  return (
    <Box flexDirection="column" width={columns}>
      <Heading snapshot={snapshot} problem={undefined} isPaused={false} nowMs={snapshot.timeMs} />
      {tables.map((table, index) => (
        <Box key={index === 0 ? 'stores' : 'operations'} marginTop={1}>
          <Table table={table} />
        </Box>
      ))}
      <Line> </Line>
      {snapshot.stores
        .filter(({ store }) => shown.has(store))
        .map((store) => (
          <Line key={store.store}>{`${store.store}  ${engineParts(store).join('  ')}`}</Line>
        ))}
      <Box marginTop={1}>
        <Notices {...snapshot} nowMs={snapshot.timeMs} />
      </Box>
    </Box>
  )
}
