import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api/client.ts'
import { Icon } from '../components/icon.tsx'
import { Empty, ErrorNotice, Skeleton } from '../components/notices.tsx'

export interface ChartFrameProps {
  readonly title: string
  readonly subtitle?: ComponentChildren | undefined
  readonly isLoading?: boolean | undefined
  readonly error?: ApiError | undefined
  readonly onRetry?: (() => void) | undefined
  readonly actions?: ComponentChildren | undefined
  readonly isWide?: boolean | undefined
  readonly hasData: boolean
  /** Why there is nothing, and what to do. */
  readonly empty: ComponentChildren
  /** Of the plot with its legend, in pixels: what is there instead has the same. */
  readonly height: number
  /** The same values as a table. */
  readonly renderTable: () => ComponentChildren
  /** The plot and its legend. */
  readonly renderPlot: () => ComponentChildren
}

/** The card of a chart, with a button that shows its values as a table. */
export function ChartFrame(props: ChartFrameProps) {
  const { title, subtitle, isLoading, error, onRetry, actions, isWide, hasData, empty, height, renderTable, renderPlot } = props
  const isTable = useSignal(false)
  return (
    <figure class={`card chart${isWide ? ' card-wide' : ''}`}>
      <figcaption class="card-header">
        <div>
          <h2>{title}</h2>
          {subtitle !== undefined && <p class="muted">{subtitle}</p>}
        </div>
        <div class="card-actions">
          {actions}
          {hasData && (
            <button
              type="button"
              class="button button-icon button-quiet"
              aria-pressed={isTable.value}
              aria-label={`Show ${title} as a ${isTable.value ? 'chart' : 'table'}`}
              title={isTable.value ? 'Show as chart' : 'Show as table'}
              onClick={() => {
                isTable.value = !isTable.value
              }}
            >
              <Icon name={isTable.value ? 'chart' : 'table'} />
            </button>
          )}
        </div>
      </figcaption>
      {error !== undefined && <ErrorNotice error={error} what={title} onRetry={onRetry} />}
      {isLoading ? (
        <Skeleton height={height} />
      ) : hasData ? (
        isTable.value ? (
          renderTable()
        ) : (
          renderPlot()
        )
      ) : (
        error === undefined && (
          <div class="chart-empty" style={{ minHeight: `${height}px` }}>
            <Empty>{empty}</Empty>
          </div>
        )
      )}
    </figure>
  )
}
