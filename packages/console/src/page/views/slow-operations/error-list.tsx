import type { ErrorRecord } from '../../api/types.ts'
import { nameColor } from '../../charts/colors.ts'
import { RangeChart } from '../../charts/range-chart.tsx'
import { Card } from '../../components/card.tsx'
import { Answered, Empty } from '../../components/notices.tsx'
import { Pager } from '../../components/pager.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { selectedStore } from '../../data/stores.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { operationName } from '../../format/names.ts'
import { formatCount } from '../../format/numbers.ts'
import { parameter } from '../../router.ts'
import { ErrorKinds } from './error-kinds.tsx'
import { errorMeaning } from './error-types.ts'
import { OperationFilter } from './operation-filter.tsx'
import { chooseFilters, choosePage, chosenOffset, errorParameters, pageSize } from './slow-choice.ts'

/** The failed operations of the range: by kind over time, the kinds with what to do, and the last of them. */
export function ErrorList() {
  const offset = chosenOffset()
  const answer = useAnswer('api/v1/errors', { ...errorParameters(), offset, limit: pageSize })
  const chosen = parameter('slow-operations', 'error')
  return (
    <>
      <div class="toolbar">
        {/* Opening and closing a store can fail, too. */}
        <OperationFilter others={['open', 'close']} />
        {(chosen !== undefined || parameter('slow-operations', 'operation') !== undefined) && (
          <>
            {chosen !== undefined && (
              <span>
                Only <code>{chosen}</code>
              </span>
            )}
            <button type="button" class="button button-quiet" onClick={clearFilters}>
              Clear filters
            </button>
          </>
        )}
      </div>
      <RangeChart
        title="Errors over time"
        unit="{error}/s"
        isWide
        isStacked
        height={120}
        query={{
          metric: 'db_errors_total',
          function: 'rate',
          labels: { store: selectedStore.value, operation: parameter('slow-operations', 'operation'), error_type: chosen },
          by: ['error_type'],
        }}
        name={({ labels }) => labels['error_type'] ?? ''}
        color={({ labels }) => nameColor(labels['error_type'] ?? '')}
        empty="Nothing failed in this range."
      />
      <ErrorKinds />
      <Answered answer={answer} what="the errors" height={320}>
        {({ errors, total }) => (
          <Card title="The last errors" subtitle="Equal errors within one second are one line.">
            {total === 0 ? (
              <NoError />
            ) : (
              <Table
                caption="The last errors, newest first"
                rows={errors}
                empty="There are fewer entries now than this page begins with."
                rowKey={({ firstMs, store, operation, errorType, message, worker }) =>
                  [firstMs, store, operation, errorType, message, worker].join(' ')
                }
                columns={columns(errors)}
              />
            )}
            <Pager what="errors" offset={offset} pageSize={pageSize} total={total} onChange={choosePage} />
          </Card>
        )}
      </Answered>
    </>
  )
}

function clearFilters(): void {
  chooseFilters({ operation: undefined, error: undefined })
}

function NoError() {
  const isFiltered = [parameter('slow-operations', 'operation'), parameter('slow-operations', 'error')].some(
    (filter) => filter !== undefined,
  )
  if (!isFiltered) {
    return (
      <Empty>
        No error of this range is kept. The last ones are, as many as maxErrorHistory allows, until the process ends; the chart
        counts all.
      </Empty>
    )
  }
  return (
    <Empty>
      No error of this range matches the filters.{' '}
      <button type="button" class="link" onClick={clearFilters}>
        Clear the filters
      </button>
    </Empty>
  )
}

/** What no error knows has no column. */
function columns(errors: readonly ErrorRecord[]): readonly Column<ErrorRecord>[] {
  const all: readonly (Column<ErrorRecord> | false)[] = [
    { key: 'first', title: 'First', isRowHeader: true, render: ({ firstMs }) => <ErrorTime timeMs={firstMs} /> },
    { key: 'last', title: 'Last', render: ({ lastMs }) => <ErrorTime timeMs={lastMs} /> },
    { key: 'count', title: 'Count', isNumeric: true, render: ({ count }) => formatCount(count) },
    selectedStore.value === undefined && { key: 'store', title: 'Store', render: ({ store }) => store },
    { key: 'operation', title: 'Operation', render: ({ operation }) => operationName(operation) },
    { key: 'type', title: 'Type', render: ({ errorType }) => <code title={errorMeaning(errorType)}>{errorType}</code> },
    errors.some(({ message }) => message !== undefined) && {
      key: 'message',
      title: 'Message',
      render: ({ message }) => message,
    },
    errors.some(({ worker }) => worker !== undefined) && { key: 'worker', title: 'Worker', render: ({ worker }) => worker },
  ]
  return all.filter((column) => column !== false)
}

function ErrorTime({ timeMs }: { readonly timeMs: number }) {
  return (
    <span class="error-time">
      <TimeText timeMs={timeMs} as="clock" />
    </span>
  )
}
