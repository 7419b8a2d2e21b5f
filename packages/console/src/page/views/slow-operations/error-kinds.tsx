import type { InstantSeries } from '../../api/types.ts'
import { nameColor } from '../../charts/colors.ts'
import { Card } from '../../components/card.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { RunbookSection } from '../../components/runbook-section.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { selectedStore } from '../../data/stores.ts'
import { rangeText } from '../../data/time-range.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { useRangeTotals } from '../../data/use-range-totals.ts'
import { operationName } from '../../format/names.ts'
import { formatNumber } from '../../format/numbers.ts'
import { linkTo, parameter } from '../../router.ts'
import { errorMeaning, runbookHeading } from './error-types.ts'
import { chooseFilters } from './slow-choice.ts'

interface ErrorKind {
  readonly store: string
  readonly operation: string
  readonly type: string
  /** An estimate: the counter is read at samples. */
  readonly count: number
}

/** Each kind of error of the range with its number, what it means, and what to do. Nothing if there is none. */
export function ErrorKinds() {
  const answer = useRangeTotals(
    {
      metric: 'db_errors_total',
      function: 'increase',
      'label.operation': parameter('slow-operations', 'operation'),
      by: 'store,operation,error_type',
    },
    selectedStore.value,
  )
  const health = useAnswer('api/v1/health')
  const chosen = parameter('slow-operations', 'error')
  const kinds = (answer.value?.series ?? []).flatMap(toKind)
  if (answer.error !== undefined) return <ErrorNotice error={answer.error} what="the kinds of errors" onRetry={answer.reload} />
  if (kinds.length === 0) return null
  const failing = new Set(
    health.value?.checks?.flatMap(({ name, store, status }) =>
      name === 'error_rates' && store !== undefined && status !== 'healthy' ? [store] : [],
    ),
  )
  return (
    <Card title="Kinds of errors" subtitle={`${rangeText.value}. Choose one to see only its errors.`}>
      <Table
        caption="Kinds of errors"
        rows={kinds}
        rowKey={({ store, operation, type }) => [store, operation, type].join(' ')}
        defaultSort="-count"
        isSelected={({ type }) => type === chosen}
        columns={columns(chosen, failing)}
      />
      <Runbook heading={runbookHeading(kinds.map(({ type }) => type))} />
    </Card>
  )
}

function toKind({ labels, value }: InstantSeries): readonly ErrorKind[] {
  const { store, operation, error_type: type } = labels
  if (store === undefined || operation === undefined || type === undefined) return []
  return typeof value === 'number' && value > 0 ? [{ store, operation, type, count: Math.max(1, Math.round(value)) }] : []
}

function columns(chosen: string | undefined, failing: ReadonlySet<string>): readonly Column<ErrorKind>[] {
  return [
    {
      key: 'type',
      title: 'Type',
      isRowHeader: true,
      sortBy: ({ type }) => type,
      render: ({ type }) => (
        <button
          type="button"
          class="link operation-name"
          aria-pressed={type === chosen}
          onClick={() => chooseFilters({ error: type === chosen ? undefined : type })}
        >
          <span class="swatch" style={{ background: `var(${nameColor(type)})` }} />
          <code>{type}</code>
        </button>
      ),
    },
    { key: 'store', title: 'Store', sortBy: ({ store }) => store, render: ({ store }) => store },
    {
      key: 'operation',
      title: 'Operation',
      sortBy: ({ operation }) => operation,
      render: ({ operation }) => operationName(operation),
    },
    {
      key: 'count',
      title: 'Count',
      isNumeric: true,
      sortBy: ({ count }) => count,
      render: ({ count }) => formatNumber(count),
    },
    { key: 'meaning', title: 'Meaning', render: ({ type }) => errorMeaning(type) },
    {
      key: 'health',
      title: 'What to do',
      render: ({ store }) =>
        failing.has(store) && <a href={linkTo('health', { check: `${store}/error_rates`, store })}>Health: error rates</a>,
    },
  ]
}

function Runbook({ heading }: { readonly heading: string }) {
  return (
    <details class="runbook">
      <summary>Runbook: {heading}</summary>
      <RunbookSection key={heading} heading={heading} />
    </details>
  )
}
