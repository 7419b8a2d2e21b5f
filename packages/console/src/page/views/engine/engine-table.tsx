import type { StoreState } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { Empty } from '../../components/notices.tsx'
import { Status } from '../../components/status.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { useInstant } from '../../data/use-instant.ts'
import { formatDuration } from '../../format/durations.ts'
import { engineName } from '../../format/names.ts'
import { formatValue } from '../../format/units.ts'
import { linkTo } from '../../router.ts'
import { stallCauseName } from './background-work.ts'
import { type ActiveStall, activeStall } from './engine-facts.ts'
import { totalOf } from './numbers.ts'

/** What is compared between engines, beside what every store has. */
const compared = [
  { metric: 'db_level_files', title: 'Files in level 0', unit: '{file}' },
  { metric: 'db_compaction_pending_bytes', title: 'To compact', unit: 'By' },
  { metric: 'db_wal_bytes', title: 'Write-ahead log', unit: 'By' },
  { metric: 'db_free_bytes', title: 'Free pages', unit: 'By' },
  { metric: 'db_entries', title: 'Entries', unit: '{entry}' },
] as const

interface Row extends StoreState {
  readonly values: Readonly<Record<string, number | undefined>>
  readonly stall: ActiveStall | undefined
}

/** The engines of all stores beside each other. Columns about which no engine tells anything are left out. */
export function EngineTable({ stores }: { readonly stores: readonly StoreState[] }) {
  const metrics = [...compared.map(({ metric }) => metric), 'db_write_stall_active_seconds'].filter((metric) =>
    stores.some((store) => store.metrics.includes(metric)),
  )
  const { value } = useInstant(metrics.length === 0 ? undefined : { metric: metrics })
  if (stores.length === 0) return <Empty>No store is measured yet.</Empty>
  const byStore = Map.groupBy(
    (value?.series ?? []).filter(({ metric, labels }) => metric !== 'db_level_files' || labels['level'] === '0'),
    ({ labels }) => labels['store'],
  )
  const rows = stores.map((store): Row => {
    const series = byStore.get(store.store) ?? []
    return {
      ...store,
      values: Object.fromEntries(compared.map(({ metric }) => [metric, totalOf(series, metric)])),
      stall: activeStall(series),
    }
  })
  const number = (key: string, title: string, unit: string, read: (row: Row) => number | undefined): Column<Row>[] =>
    rows.every((row) => read(row) === undefined)
      ? []
      : [
          {
            key,
            title,
            isNumeric: true,
            sortBy: read,
            render: (row) => {
              const one = read(row)
              return one === undefined ? '' : formatValue(one, unit)
            },
          },
        ]
  const columns: readonly Column<Row>[] = [
    {
      key: 'store',
      title: 'Store',
      isRowHeader: true,
      sortBy: ({ store }) => store,
      render: ({ store }) => <a href={linkTo('engine', { store })}>{store}</a>,
    },
    {
      key: 'engine',
      title: 'Engine',
      sortBy: ({ engine }) => engine,
      render: ({ engine, engineVersion }) =>
        engine !== undefined && `${engineName(engine)}${engineVersion === undefined ? '' : ` ${engineVersion}`}`,
    },
    ...(rows.some(({ stall }) => stall !== undefined)
      ? [
          {
            key: 'stall',
            title: 'Writers',
            sortBy: ({ stall }: Row) => stall?.seconds,
            render: ({ stall }: Row) => <Stall stall={stall} />,
          },
        ]
      : []),
    ...number('size', 'On disk', 'By', ({ sizeBytes }) => sizeBytes),
    ...number('memory', 'Memory', 'By', ({ memoryBytes }) => memoryBytes),
    ...number('hits', 'Cache hits', '%', ({ hitRatio }) => hitRatio),
    ...compared.flatMap(({ metric, title, unit }) => number(metric, title, unit, ({ values }) => values[metric])),
  ]
  return (
    <Card
      title="Engines"
      subtitle="Choose a store to see its tree or its pages, and what its engine does in the background."
      isWide
    >
      <Table caption="The engines of all stores" columns={columns} rows={rows} rowKey={({ store }) => store} />
    </Card>
  )
}

function Stall({ stall }: { readonly stall: ActiveStall | undefined }) {
  if (stall === undefined) return null
  const cause = stall.cause === undefined ? '' : `: ${stallCauseName(stall.cause)}`
  return <Status status="critical" word={`wait for ${formatDuration(stall.seconds)}${cause}`} />
}
