import { effect, type Signal, useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import type { ApiError } from '../api/client.ts'
import { Table } from '../components/table.tsx'
import { showLive, timeRange, zoomTo } from '../data/time-range.ts'
import { formatFullTime, formatShortTime, formatTimeTick } from '../format/times.ts'
import { formatValue, isCounted } from '../format/units.ts'
import { color, theme, withAlpha } from '../theme/theme.ts'
import { type ChartColumns, type ChartSeries, niceMax, stackColumns, summarize, toColumns } from './chart-data.ts'
import { ChartFrame } from './chart-frame.tsx'
import { cursorMs } from './cursor.ts'
import { CursorBox } from './cursor-box.tsx'
import { drawMarkLabels, drawMarks, type PlotArea, plotTop } from './draw-marks.ts'
import { hasMarkLabels, marks } from './marks.tsx'
import { describeNearby, markWidth } from './nearby-events.ts'
import { useWidth } from './use-size.ts'

/** A value that is drawn as a horizontal line, for example of an alert rule. */
export interface Threshold {
  readonly value: number
  readonly label: string
  /** A token; default that of a critical status. */
  readonly color?: string | undefined
}

export interface LineChartProps {
  readonly title: string
  readonly subtitle?: ComponentChildren | undefined
  /** UCUM, as `formatValue` takes it. */
  readonly unit: string
  readonly series: readonly ChartSeries[]
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly isLoading?: boolean | undefined
  readonly error?: ApiError | undefined
  readonly onRetry?: (() => void) | undefined
  /** Of the plot, in pixels. */
  readonly height?: number | undefined
  readonly thresholds?: readonly Threshold[] | undefined
  /** Series on top of each other, for parts of a whole. */
  readonly isStacked?: boolean | undefined
  /** A logarithmic axis, for values of which the lowest matter as much as the highest, such as P50 beside P99. */
  readonly isLogarithmic?: boolean | undefined
  /** The end of the axis, if it is known: 1 for a share. */
  readonly max?: number | undefined
  /** Why there is nothing, and what to do. */
  readonly empty?: ComponentChildren | undefined
  readonly actions?: ComponentChildren | undefined
  readonly isWide?: boolean | undefined
  /** Whether events are drawn on it. Default yes. */
  readonly hasMarks?: boolean | undefined
}

const binaryIncrements = Array.from({ length: 50 }, (_, power) => 2 ** power)
/** Of what is counted, there is no half. */
const wholeIncrements = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((factor) => factor * 10 ** power)).flat()
const dash = [6, 4]
const paddingRight = 8
/** Of one line, with the gap above it. */
const legendHeight = 32
/** More values than this would hide the chart. */
const maxCursorRows = 10

/** Lines over the time of the page, with the values under the pointer, the events of the process, and a table of the same values. */
export function LineChart(props: LineChartProps) {
  const { title, unit, series, startMs, endMs, stepMs, height = 180, empty } = props
  const columns = useMemo(() => toColumns(series, startMs, endMs, stepMs), [series, startMs, endMs, stepMs])
  return (
    <ChartFrame
      {...props}
      hasData={series.some(({ points }) => points.length > 0)}
      empty={empty ?? 'No values in this range. Choose a longer range, or wait for the next sample.'}
      height={height + legendHeight}
      renderTable={() => (
        <ValueTable title={title} unit={unit} series={series} columns={columns} maxHeight={height + legendHeight} />
      )}
      renderPlot={() => <Plot {...props} columns={columns} height={height} />}
    />
  )
}

type PlotProps = LineChartProps & { readonly columns: ChartColumns; readonly height: number }

function Plot(props: PlotProps) {
  const { title, unit, series, startMs, endMs, stepMs, height, isStacked, isLogarithmic, columns, hasMarks = true } = props
  const top = plotTop(hasMarks && hasMarkLabels.value)
  const [container, width] = useWidth<HTMLDivElement>()
  const plot = useRef<UPlot | undefined>(undefined)
  const hidden = useSignal<ReadonlySet<string>>(new Set())
  const pointer = useSignal<Pointer | undefined>(undefined)
  const shown = series.map(({ key }) => !hidden.value.has(key))
  const data = [columns.times, ...toDrawn(columns, shown, props)] as unknown as UPlot.AlignedData
  // What the options of the plot depend on: if it changes, the plot is made anew.
  const shape = JSON.stringify([
    series.map(({ key, color, isDashed }) => [key, color, isDashed]),
    [unit, isStacked, isLogarithmic, props.max, props.thresholds, hasMarks, top],
  ])
  const latest = useRef({ data, startMs, endMs })
  latest.current = { data, startMs, endMs }
  const themeNow = theme.value

  useLayoutEffect(() => {
    const { current } = container
    if (current === null || width === 0) return
    const options = createOptions({ ...props, hasMarks, top, width, height, pointer, shown })
    const instance = new UPlot(options, latest.current.data, current)
    instance.setScale('x', { min: latest.current.startMs, max: latest.current.endMs })
    plot.current = instance
    const stopCursor = effect(() => showCursor(instance, cursorMs.value))
    const stopMarks = effect(() => {
      marks.value
      if (hasMarks) instance.redraw(false, false)
    })
    return () => {
      stopCursor()
      stopMarks()
      instance.destroy()
      plot.current = undefined
    }
    // A new width or height only resizes the plot, below.
  }, [shape, themeNow, width === 0])

  useLayoutEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height })
  }, [width, height])

  useEffect(() => {
    const { current } = plot
    if (current === undefined) return
    current.batch(() => {
      current.setData(data, false)
      current.setScale('x', { min: startMs, max: endMs })
      for (const [index, isShown] of shown.entries()) {
        if (current.series[index + 1]?.show !== isShown) current.setSeries(index + 1, { show: isShown }, false)
      }
    })
  }, [columns, startMs, endMs, hidden.value])

  const toggleSeries = (key: string, isAlone: boolean): void => {
    if (isAlone) {
      const others = series.filter((one) => one.key !== key).map((one) => one.key)
      const isOnly = others.every((one) => hidden.value.has(one)) && !hidden.value.has(key)
      hidden.value = new Set(isOnly ? [] : others)
      return
    }
    const next = new Set(hidden.value)
    if (!next.delete(key)) next.add(key)
    hidden.value = next
  }
  return (
    <>
      <div class="plot-area">
        <div
          ref={container}
          class="plot"
          role="img"
          aria-label={describe(title, unit, series, columns)}
          style={{ height: `${height}px` }}
        />
        <PointerBox pointer={pointer} width={width} {...{ unit, series, columns, stepMs, hasMarks }} hidden={hidden.value} />
      </div>
      <Legend unit={unit} series={series} columns={columns} stepMs={stepMs} hidden={hidden.value} onToggle={toggleSeries} />
    </>
  )
}

/** Returns the columns as they are drawn: added up in a stack, and without what a logarithmic axis cannot show. */
function toDrawn(
  { values }: ChartColumns,
  shown: readonly boolean[],
  { isStacked, isLogarithmic }: LineChartProps,
): ChartColumns['values'] {
  if (isStacked) return stackColumns(values.map((column, index) => (shown[index] ? column : column.map(() => null))))
  return isLogarithmic ? values.map((column) => column.map((value) => (value !== null && value > 0 ? value : null))) : values
}

/** Where the pointer is in a plot: in CSS pixels from the left of the chart, and in time. */
interface Pointer {
  readonly left: number
  readonly timeMs: number
  readonly msPerPixel: number
}

interface PointerBoxProps extends Pick<LineChartProps, 'unit' | 'series' | 'stepMs'> {
  readonly pointer: Signal<Pointer | undefined>
  readonly width: number
  readonly columns: ChartColumns
  readonly hidden: ReadonlySet<string>
  readonly hasMarks: boolean
}

function PointerBox({ pointer, width, unit, series, columns, stepMs, hidden, hasMarks }: PointerBoxProps) {
  if (pointer.value === undefined) return null
  const { left, timeMs, msPerPixel } = pointer.value
  const index = indexAt(columns, timeMs, stepMs)
  const known = series.flatMap(({ key, label, color: token }, column) => {
    const value = columns.values[column]?.[index]
    return value == null || hidden.has(key) ? [] : [{ key, label, color: token, value }]
  })
  // Of many, the greatest are what a reader points at.
  const shown = known.length > maxCursorRows ? known.sort((a, b) => b.value - a.value).slice(0, maxCursorRows) : known
  return (
    <CursorBox
      timeMs={columns.times[index] ?? timeMs}
      left={left}
      width={width}
      rows={shown.map(({ value, ...row }) => ({ ...row, value: formatValue(value, unit) }))}
      events={hasMarks ? describeNearby(marks.value, timeMs, markWidth * msPerPixel) : undefined}
    />
  )
}

/** Returns which column of a chart has the values of a time. */
function indexAt({ times }: Pick<ChartColumns, 'times'>, timeMs: number, stepMs: number): number {
  return Math.round((timeMs - (times[0] ?? 0)) / stepMs)
}

interface PlotSettings extends LineChartProps {
  readonly hasMarks: boolean
  /** Where the area of the values begins. */
  readonly top: number
  readonly width: number
  readonly height: number
  readonly pointer: Signal<Pointer | undefined>
  /** Which series are drawn. */
  readonly shown: readonly boolean[]
}

function createOptions(settings: PlotSettings): UPlot.Options {
  const { unit, series, isStacked, isLogarithmic, thresholds = [], hasMarks, top, width, height, pointer, shown } = settings
  const isBinary = unit.startsWith('By')
  const font = `11px ${getComputedStyle(document.body).fontFamily}`
  const axis: UPlot.Axis = {
    stroke: color('--muted'),
    font,
    grid: { stroke: color('--border'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height,
    ms: 1,
    padding: [top, paddingRight, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      bind: {
        dblclick: () => () => {
          showLive()
          return null
        },
      },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: true, auto: false },
      y: {
        distr: isLogarithmic ? 3 : 1,
        range: (_plot, dataMin, dataMax) => chooseRange(dataMin, dataMax, settings),
      },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 6,
        space: 70,
        grid: { show: false },
        values: (plot, splits, _axis, _space, increment) =>
          splits.map((split) => {
            const text = formatTimeTick(split, increment / 1000)
            return isInside(plot, split, text) ? text : ''
          }),
      },
      {
        ...axis,
        gap: 6,
        // No more than ten lines, however high the chart is.
        space: Math.max(32, height / 10),
        // The same for most charts, so that times stand below each other.
        size: (_plot, labels) => 14 + Math.max(7, ...(labels ?? []).map((label) => label?.length ?? 0)) * 6.2,
        ...(isBinary && { incrs: binaryIncrements }),
        ...(isCounted(unit) && !isLogarithmic && { incrs: wholeIncrements }),
        ...(isLogarithmic && { filter: onlyDecades, grid: { ...axis.grid, filter: onlyDecades } }),
        values: (_plot, splits) => splits.map((split) => (split === null ? '' : formatValue(split, unit))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color: token, isDashed }, index): UPlot.Series => {
        const stroke = color(token)
        return {
          label,
          stroke,
          width: 1.5,
          show: shown[index] ?? true,
          ...(series.length === 1 && !isStacked && { fill: withAlpha(stroke, 0.12) }),
          ...(isStacked && { fill: withAlpha(stroke, 0.35) }),
          ...(isDashed && { dash }),
          points: { show: showLonePoints },
        }
      }),
    ],
    // Of a stack, each area reaches down to the one below it, not to the axis.
    ...(isStacked && {
      bands: series
        .slice(1)
        .map(({ color: token }, index) => ({ series: [index + 2, index + 1], fill: withAlpha(color(token), 0.35) })),
    }),
    hooks: {
      drawAxes: hasMarks ? [(plot) => drawMarks(plot.ctx, areaOf(plot))] : [],
      draw: [
        (plot) => drawThresholds(plot, thresholds),
        ...(hasMarks ? [(plot: UPlot) => drawMarkLabels(plot.ctx, areaOf(plot))] : []),
      ],
      setCursor: [(plot) => shareCursor(plot, pointer)],
      setSelect: [selectRange],
      ready: [
        (plot) => {
          plot.over.addEventListener('mouseleave', () => {
            cursorMs.value = undefined
            pointer.value = undefined
          })
        },
      ],
    },
  }
}

/** Returns whether the label of a tick is not cut off at the right end of the axis. */
function isInside(plot: UPlot, timeMs: number, text: string): boolean {
  return plot.valToPos(timeMs, 'x') + text.length * 3.2 <= plot.over.clientWidth + paddingRight
}

/** Of the lines between two decades, only those of the decades have a number. */
const onlyDecades: UPlot.Axis.Filter = (_plot, splits) =>
  splits.map((split) => (Math.abs(Math.log10(split) - Math.round(Math.log10(split))) < 1e-6 ? split : null))

/** Returns the ends of the axis: from 0 on or, if it is logarithmic, whole decades. */
function chooseRange(
  dataMin: number | null,
  dataMax: number | null,
  { unit, max, thresholds = [], isLogarithmic }: PlotSettings,
): UPlot.Range.MinMax {
  const highest = Math.max(dataMax ?? 0, ...thresholds.map(({ value }) => value))
  if (!isLogarithmic) return [Math.min(0, dataMin ?? 0), max ?? niceMax(highest, unit.startsWith('By'))]
  if (dataMin === null || !(dataMin > 0)) return [1, 10]
  const floor = 10 ** Math.floor(Math.log10(dataMin) + 1e-9)
  return [floor, Math.max(floor * 10, 10 ** Math.ceil(Math.log10(highest) - 1e-9))]
}

/** A point between two gaps has no line: without a dot it could not be seen. */
const showLonePoints: UPlot.Series.Points.Show = (plot, seriesIndex, first, last) => {
  const values = plot.data[seriesIndex] as (number | null)[]
  let known = 0
  for (let index = first; index <= last; index++) if (values[index] != null && ++known > 2) return false
  return known > 0
}

/** Brushing zooms the range of the page. */
function selectRange(plot: UPlot): void {
  const { left, width } = plot.select
  if (width < 4) return
  zoomTo(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

function isHovered(plot: UPlot): boolean {
  return plot.over.matches(':hover')
}

/** Shows the time under the pointer of another chart. */
function showCursor(plot: UPlot, timeMs: number | undefined): void {
  if (isHovered(plot)) return
  const left = timeMs === undefined ? -10 : plot.valToPos(timeMs, 'x')
  plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false)
}

/** Tells all charts the time under the pointer. */
function shareCursor(plot: UPlot, pointer: PlotSettings['pointer']): void {
  const { left = -10 } = plot.cursor
  if (left < 0 || !isHovered(plot)) return
  const timeMs = plot.posToVal(left, 'x')
  cursorMs.value = timeMs
  pointer.value = { left: left + plot.over.offsetLeft, timeMs, msPerPixel: plot.posToVal(left + 1, 'x') - timeMs }
}

function areaOf(plot: UPlot): PlotArea {
  return { ...plot.bbox, ratio: UPlot.pxRatio, toX: (timeMs) => plot.valToPos(timeMs, 'x', true) }
}

function drawThresholds(plot: UPlot, thresholds: readonly Threshold[]): void {
  const { ctx, bbox } = plot
  const ratio = UPlot.pxRatio
  ctx.save()
  for (const [index, { value, label, color: token = '--critical' }] of thresholds.entries()) {
    const top = Math.round(plot.valToPos(value, 'y', true))
    if (top < bbox.top || top > bbox.top + bbox.height) continue
    ctx.strokeStyle = color(token)
    ctx.lineWidth = ratio
    ctx.setLineDash([4 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(bbox.left, top)
    ctx.lineTo(bbox.left + bbox.width, top)
    ctx.stroke()
    ctx.fillStyle = color(token)
    ctx.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`
    // On both sides in turn: two lines may be close to each other.
    const isLeft = index % 2 === 1
    const labelX = isLeft ? bbox.left + 4 * ratio : bbox.left + bbox.width - 4 * ratio
    ctx.textAlign = isLeft ? 'left' : 'right'
    ctx.textBaseline = top - bbox.top < 16 * ratio ? 'top' : 'bottom'
    ctx.fillText(label, labelX, top + (top - bbox.top < 16 * ratio ? 3 : -3) * ratio)
  }
  ctx.restore()
}

/** Returns what the chart shows in words, for those who cannot see it. */
function describe(title: string, unit: string, series: readonly ChartSeries[], { values }: ChartColumns): string {
  const parts = series.slice(0, 10).map(({ label }, index) => {
    const summary = summarize(values[index] ?? [])
    if (summary === undefined) return `${label}: no values`
    const { last, min, max } = summary
    return `${label}: now ${formatValue(last, unit)}, lowest ${formatValue(min, unit)}, highest ${formatValue(max, unit)}`
  })
  if (series.length > parts.length) parts.push(`and ${series.length - parts.length} more`)
  return `${title}. ${parts.join('; ')}.`
}

interface LegendProps extends Pick<LineChartProps, 'unit' | 'series' | 'stepMs'> {
  readonly columns: ChartColumns
  readonly hidden: ReadonlySet<string>
  readonly onToggle: (key: string, isAlone: boolean) => void
}

/** The series with their values at the time under the pointer, else their last values. A click hides a series, a click with Shift all others. */
function Legend({ unit, series, columns, stepMs, hidden, onToggle }: LegendProps) {
  return (
    <ul class="legend">
      {series.map(({ key, label, color: token, isDashed }, index) => (
        <li key={key}>
          <button
            type="button"
            class="legend-item"
            aria-pressed={!hidden.has(key)}
            title={`${label}: click to hide or show, with Shift to see it alone`}
            onClick={({ shiftKey }) => onToggle(key, shiftKey)}
          >
            <span class={`swatch${isDashed ? ' swatch-dashed' : ''}`} style={{ background: `var(${token})` }} />
            <span class="legend-label">{label}</span>
            <LegendValue unit={unit} times={columns.times} values={columns.values[index] ?? []} stepMs={stepMs} />
          </button>
        </li>
      ))}
    </ul>
  )
}

function LegendValue({
  unit,
  times,
  values,
  stepMs,
}: {
  readonly unit: string
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
  readonly stepMs: number
}) {
  const timeMs = cursorMs.value
  const value = timeMs === undefined ? summarize(values)?.last : values[indexAt({ times }, timeMs, stepMs)]
  return <span class="legend-value">{value == null ? '–' : formatValue(value, unit)}</span>
}

interface ValueTableProps extends Pick<LineChartProps, 'title' | 'unit' | 'series'> {
  readonly columns: ChartColumns
  readonly maxHeight: number
}

/** The same values as a table, newest first. */
function ValueTable({ title, unit, series, columns, maxHeight }: ValueTableProps) {
  const rows = columns.times.map((timeMs, index) => ({ timeMs, index })).reverse()
  const { endMs } = timeRange.value
  return (
    <Table
      caption={title}
      maxHeight={maxHeight}
      rows={rows}
      rowKey={({ timeMs }) => String(timeMs)}
      columns={[
        {
          key: 'time',
          title: 'Time',
          isRowHeader: true,
          render: ({ timeMs }) => <time title={formatFullTime(timeMs)}>{formatShortTime(timeMs, endMs)}</time>,
        },
        ...series.map(({ key, label }, column) => ({
          key,
          title: label,
          isNumeric: true,
          render: ({ index }: { readonly index: number }) => {
            const value = columns.values[column]?.[index]
            return value == null ? '' : formatValue(value, unit)
          },
        })),
      ]}
    />
  )
}
