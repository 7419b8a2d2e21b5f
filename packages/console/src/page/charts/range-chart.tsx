import { useRef } from 'preact/hooks'
import { useVisible } from '../components/use-visible.ts'
import type { PointSeries } from '../data/range-points.ts'
import { type RangeQuery, useRange } from '../data/use-range.ts'
import { colorToken } from './colors.ts'
import { LineChart, type LineChartProps } from './line-chart.tsx'

export type RangeChartProps = Pick<
  LineChartProps,
  | 'title'
  | 'subtitle'
  | 'unit'
  | 'height'
  | 'thresholds'
  | 'isStacked'
  | 'isLogarithmic'
  | 'isLogarithmic'
  | 'max'
  | 'empty'
  | 'actions'
  | 'isWide'
  | 'hasMarks'
> & {
  readonly query: RangeQuery
  /** Names a series. Default: the values of its labels. */
  readonly name?: ((series: PointSeries) => string) | undefined
  /** The token of the color of a series. Default: the colors in turn. */
  readonly color?: ((series: PointSeries, index: number) => string) | undefined
  /** What is drawn instead of the series of the query, for example their ratio. */
  readonly derive?: ((series: readonly PointSeries[]) => readonly PointSeries[]) | undefined
  /** The order of the series. Default: by name. */
  readonly order?: ((a: PointSeries, b: PointSeries) => number) | undefined
  /** Draws nothing if there is nothing: an engine that cannot tell has no empty chart. */
  readonly isHiddenIfEmpty?: boolean | undefined
}

/** A chart of a query over the range of the page. It asks for nothing while it is off the screen. */
export function RangeChart({ query, name = nameByLabels, color, derive, order, isHiddenIfEmpty, ...props }: RangeChartProps) {
  const [element, isVisible] = useVisible<HTMLDivElement>()
  const data = useRange(isVisible ? query : undefined)
  const sorted = [...(derive?.(data.series) ?? data.series)].sort(
    order ?? ((a, b) => name(a).localeCompare(name(b), 'en', { numeric: true })),
  )
  const series = sorted.map((one, index) => ({
    key: one.key,
    label: name(one),
    color: color?.(one, index) ?? colorToken(index),
    points: one.points,
  }))
  const isKnownEmpty = useRef(false)
  if (isVisible) isKnownEmpty.current = !data.isLoading && data.error === undefined && series.length === 0
  // Not null: an element is watched, so that the chart appears when there is something.
  if (isHiddenIfEmpty && isKnownEmpty.current) return <div ref={element} class="chart-hidden" />
  const { startMs, endMs, stepMs, isLoading, error, reload } = data
  return (
    <div ref={element} class={`chart-cell${props.isWide ? ' card-wide' : ''}`}>
      <LineChart
        {...props}
        series={series}
        startMs={startMs}
        endMs={endMs}
        stepMs={stepMs}
        isLoading={isLoading}
        error={error}
        onRetry={reload}
      />
    </div>
  )
}

function nameByLabels({ metric, labels, quantile }: PointSeries): string {
  const parts = [...Object.values(labels), ...(quantile === undefined ? [] : [`P${quantile * 100}`])]
  return parts.length > 0 ? parts.join(' ') : (metric ?? 'all')
}
