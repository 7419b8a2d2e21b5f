import { type Signal, useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { ApiError } from '../api/client.ts'
import type { HeatMapAnswer } from '../api/types.ts'
import { Table } from '../components/table.tsx'
import { showLive, zoomTo } from '../data/time-range.ts'
import { traceLink } from '../data/trace-link.ts'
import { formatCount } from '../format/numbers.ts'
import { formatFullTime, formatShortTime, formatTimeTick } from '../format/times.ts'
import { formatValue } from '../format/units.ts'
import { color, theme } from '../theme/theme.ts'
import { ChartFrame } from './chart-frame.tsx'
import { cursorMs } from './cursor.ts'
import { CursorBox } from './cursor-box.tsx'
import { drawMarkLabels, drawMarks, plotTop } from './draw-marks.ts'
import { type CellExemplar, type HeatCells, toHeatCells } from './heat-cells.ts'
import { HeatTraces } from './heat-traces.tsx'
import { hasMarkLabels, marks } from './marks.tsx'
import { describeNearby, markWidth } from './nearby-events.ts'
import { useWidth } from './use-size.ts'

const margin = { left: 64, right: 8, bottom: 26 } as const
const legendHeight = 32
const noCells: HeatCells = { stepMs: 1, rows: [], columns: [], maxCount: 0, exemplars: [] }

export interface HeatMapProps {
  readonly title: string
  readonly subtitle?: ComponentChildren | undefined
  /** Of the bounds of the buckets. */
  readonly unit: string
  /** What is counted, for example `operations`. */
  readonly counted: string
  readonly answer: HeatMapAnswer | undefined
  readonly startMs: number
  readonly endMs: number
  readonly isLoading: boolean
  readonly error?: ApiError | undefined
  readonly onRetry?: (() => void) | undefined
  readonly height?: number | undefined
  readonly actions?: ComponentChildren | undefined
  readonly empty?: ComponentChildren | undefined
}

/** How often each latency occurred over time: a slow mode beside a fast one is seen, which quantiles hide. */
export function HeatMap(props: HeatMapProps) {
  const { answer, height = 220, empty } = props
  const cells = useMemo(() => (answer === undefined ? noCells : toHeatCells(answer)), [answer])
  return (
    <ChartFrame
      {...props}
      isWide
      hasData={cells.rows.length > 0}
      empty={empty ?? 'No operations in this range.'}
      height={height + legendHeight}
      renderTable={() => <CellTable {...props} cells={cells} maxHeight={height + legendHeight} />}
      renderPlot={() => <HeatPlot {...props} cells={cells} height={height} />}
    />
  )
}

function HeatPlot({
  title,
  unit,
  counted,
  cells,
  startMs,
  endMs,
  height,
}: HeatMapProps & { readonly cells: HeatCells; readonly height: number }) {
  const [container, width] = useWidth<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const pointer = useSignal<Pointer | undefined>(undefined)
  const brush = useSignal<{ readonly from: number; readonly to: number } | undefined>(undefined)
  // The traces themselves: the cell moves on, and newer traces take their place.
  const chosen = useSignal<readonly CellExemplar[]>([])
  const themeNow = theme.value
  const marksNow = marks.value
  const plotWidth = Math.max(1, width - margin.left - margin.right)
  const top = plotTop(hasMarkLabels.value)
  const plotHeight = height - top - margin.bottom
  const toTime = (x: number): number => startMs + ((x - margin.left) / plotWidth) * (endMs - startMs)
  const toX = (timeMs: number): number => margin.left + ((timeMs - startMs) / (endMs - startMs)) * plotWidth

  useEffect(() => {
    const { current } = canvas
    if (current !== null && width > 0) draw(current, { cells, startMs, endMs, width, height, top, unit })
  }, [cells, startMs, endMs, width, height, top, themeNow, marksNow, unit])

  const read = ({ offsetX, offsetY }: PointerEvent): void => {
    const timeMs = toTime(Math.min(Math.max(offsetX, margin.left), margin.left + plotWidth))
    const row = Math.floor(((plotHeight - (offsetY - top)) / plotHeight) * cells.rows.length)
    cursorMs.value = timeMs
    pointer.value = { left: offsetX, timeMs, row }
    if (brush.value !== undefined) brush.value = { from: brush.value.from, to: offsetX }
  }
  const finish = (): void => {
    const range = brush.value
    brush.value = undefined
    if (range === undefined) return
    if (Math.abs(range.to - range.from) < 4) {
      const { timeMs, row } = pointer.value ?? {}
      chosen.value = cells.exemplars.filter((one) => one.row === row && isInColumn(one.columnMs, cells.stepMs, timeMs))
      return
    }
    const [fromMs, toMs] = [toTime(range.from), toTime(range.to)].sort((a, b) => a - b)
    if (fromMs !== undefined && toMs !== undefined) zoomTo(fromMs, toMs)
  }
  const cursorX = cursorMs.value === undefined ? undefined : toX(cursorMs.value)
  const brushed = brush.value
  return (
    <>
      <div ref={container} class="heat-map" style={{ height: `${height}px` }}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={describe(title, unit, counted, cells)}
          onPointerMove={read}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId)
            brush.value = { from: event.offsetX, to: event.offsetX }
          }}
          onPointerUp={finish}
          onPointerLeave={() => {
            cursorMs.value = undefined
            pointer.value = undefined
          }}
          onDblClick={showLive}
        />
        {cursorX !== undefined && cursorX >= margin.left && cursorX <= width - margin.right && (
          <span class="heat-cursor" style={{ left: `${cursorX}px`, top: `${top}px`, height: `${plotHeight}px` }} />
        )}
        {brushed !== undefined && Math.abs(brushed.to - brushed.from) >= 4 && (
          <span
            class="heat-brush"
            style={{
              left: `${Math.min(brushed.from, brushed.to)}px`,
              width: `${Math.abs(brushed.to - brushed.from)}px`,
              top: `${top}px`,
              height: `${plotHeight}px`,
            }}
          />
        )}
        <PointerBox pointer={pointer} {...{ width, cells, unit, counted }} msPerPixel={(endMs - startMs) / plotWidth} />
      </div>
      <div class="heat-legend">
        <span>1</span>
        <span class="heat-scale" aria-hidden="true" />
        <span>
          {formatCount(cells.maxCount)} {counted} per cell
        </span>
      </div>
      <HeatTraces cells={cells} chosen={chosen.value} unit={unit} onClose={() => (chosen.value = [])} />
    </>
  )
}

function isInColumn(columnMs: number, stepMs: number, timeMs: number | undefined): boolean {
  return timeMs !== undefined && columnMs >= timeMs && columnMs - stepMs < timeMs
}

/** Where the pointer is: in CSS pixels from the left, in time, and in which bucket. */
interface Pointer {
  readonly left: number
  readonly timeMs: number
  readonly row: number
}

interface PointerBoxProps extends Pick<HeatMapProps, 'unit' | 'counted'> {
  readonly pointer: Signal<Pointer | undefined>
  readonly width: number
  readonly cells: HeatCells
  readonly msPerPixel: number
}

function PointerBox({ pointer, width, cells, unit, counted, msPerPixel }: PointerBoxProps) {
  if (pointer.value === undefined) return null
  const { left, timeMs, row: rowIndex } = pointer.value
  const row = cells.rows[rowIndex]
  const column = cells.columns.find(({ endMs }) => isInColumn(endMs, cells.stepMs, timeMs))
  const traces = cells.exemplars.filter((one) => one.row === rowIndex && one.columnMs === column?.endMs).length
  const total = column?.counts.reduce((sum, one) => sum + one, 0)
  const rows = [
    ...(row === undefined || column === undefined
      ? []
      : [{ key: 'cell', label: rangeText(row, unit), value: formatCount(column.counts[rowIndex] ?? 0) }]),
    ...(total === undefined ? [] : [{ key: 'all', label: `all ${counted}`, value: formatCount(total) }]),
    ...(traces === 0
      ? []
      : [
          {
            key: 'traces',
            label: traces === 1 ? 'trace: click to see it' : 'traces: click to see them',
            value: formatCount(traces),
          },
        ]),
  ]
  return (
    <CursorBox
      timeMs={column?.endMs ?? timeMs}
      left={left}
      width={width}
      rows={rows}
      events={describeNearby(marks.value, timeMs, markWidth * msPerPixel)}
    />
  )
}

interface CellTableProps extends Pick<HeatMapProps, 'title' | 'unit' | 'endMs'> {
  readonly cells: HeatCells
  readonly maxHeight: number
}

/** The same counts as a table, newest first. */
function CellTable({ title, unit, endMs, cells, maxHeight }: CellTableProps) {
  return (
    <Table
      caption={title}
      maxHeight={maxHeight}
      rows={cells.columns.toReversed()}
      rowKey={(column) => String(column.endMs)}
      columns={[
        {
          key: 'time',
          title: 'Time',
          isRowHeader: true,
          render: (column) => <time title={formatFullTime(column.endMs)}>{formatShortTime(column.endMs, endMs)}</time>,
        },
        ...cells.rows.map((row, index) => ({
          key: String(row.to),
          title: rangeText(row, unit),
          isNumeric: true,
          render: ({ endMs: columnMs, counts }: HeatCells['columns'][number]) => {
            const count = counts[index] ?? 0
            const traced = cells.exemplars.findLast((one) => one.row === index && one.columnMs === columnMs)
            const href = traceLink(traced?.traceId, traced?.spanId)
            if (count === 0 && href === undefined) return ''
            if (href === undefined) return formatCount(count)
            return (
              <a href={href} target="_blank" rel="noreferrer" title={`Trace ${traced?.traceId}, in a new tab`}>
                {formatCount(count)}
              </a>
            )
          },
        })),
      ]}
    />
  )
}

function rangeText({ from, to }: HeatCells['rows'][number], unit: string): string {
  return to === Number.POSITIVE_INFINITY
    ? `above ${formatValue(from, unit)}`
    : `${formatValue(from, unit)} to ${formatValue(to, unit)}`
}

function describe(title: string, unit: string, counted: string, { rows, columns }: HeatCells): string {
  const totals = rows.map((_, index) => columns.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0))
  const all = totals.reduce((sum, one) => sum + one, 0)
  const most = rows[totals.indexOf(Math.max(...totals))]
  const slowest = rows.at(-1)
  if (most === undefined || slowest === undefined) return `${title}.`
  return `${title}. ${formatCount(all)} ${counted}; most took ${rangeText(most, unit)}, the slowest ${rangeText(slowest, unit)}.`
}

interface Drawing {
  readonly cells: HeatCells
  readonly startMs: number
  readonly endMs: number
  readonly width: number
  readonly height: number
  /** Where the cells begin. */
  readonly top: number
  readonly unit: string
}

function draw(canvas: HTMLCanvasElement, { cells, startMs, endMs, width, height, top, unit }: Drawing): void {
  const ratio = devicePixelRatio
  canvas.width = width * ratio
  canvas.height = height * ratio
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  const plotWidth = width - margin.left - margin.right
  const plotHeight = height - top - margin.bottom
  const toX = (timeMs: number): number => margin.left + ((timeMs - startMs) / (endMs - startMs)) * plotWidth
  const rowHeight = plotHeight / cells.rows.length
  const shades = [color('--heat-low'), color('--heat-middle'), color('--heat-high')].map(parseColor)
  const scale = Math.log1p(cells.maxCount)
  context.save()
  context.beginPath()
  context.rect(margin.left, top, plotWidth, plotHeight)
  context.clip()
  for (const column of cells.columns) {
    const left = Math.round(toX(column.endMs - cells.stepMs))
    const right = Math.round(toX(column.endMs))
    for (const [row, count] of column.counts.entries()) {
      if (count === 0) continue
      context.fillStyle = mix(shades, scale === 0 ? 1 : Math.log1p(count) / scale)
      const cellTop = Math.round(top + plotHeight - (row + 1) * rowHeight)
      const cellBottom = Math.round(top + plotHeight - row * rowHeight)
      context.fillRect(left, cellTop, Math.max(1, right - left), cellBottom - cellTop - 1)
    }
  }
  drawExemplars(context, cells.exemplars, toX, (row) => top + plotHeight - (row + 0.5) * rowHeight)
  context.restore()
  drawAxes(context, { cells, startMs, endMs, width, height, top, unit }, rowHeight, toX)
  // The context is scaled, so that a CSS pixel is one of it.
  const area = { left: margin.left, top, width: plotWidth, height: plotHeight, ratio: 1, toX }
  drawMarks(context, area)
  drawMarkLabels(context, area)
}

/** Draws a dot in each cell that has a trace. */
function drawExemplars(
  context: CanvasRenderingContext2D,
  exemplars: readonly CellExemplar[],
  toX: (timeMs: number) => number,
  toY: (row: number) => number,
): void {
  context.fillStyle = color('--text')
  context.strokeStyle = color('--surface')
  context.lineWidth = 1.5
  for (const { row, timeMs } of exemplars) {
    context.beginPath()
    context.arc(toX(timeMs), toY(row), 3, 0, 2 * Math.PI)
    context.stroke()
    context.fill()
  }
  context.lineWidth = 1
}

function drawAxes(
  context: CanvasRenderingContext2D,
  { cells, startMs, endMs, width, height, top, unit }: Drawing,
  rowHeight: number,
  toX: (timeMs: number) => number,
): void {
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`
  context.fillStyle = color('--muted')
  context.strokeStyle = color('--border')
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  const every = Math.max(1, Math.ceil(16 / rowHeight))
  const bottom = height - margin.bottom
  for (const [row, { to }] of cells.rows.entries()) {
    if (row % every !== 0 || to === Number.POSITIVE_INFINITY) continue
    const y = bottom - (row + 1) * rowHeight
    if (y < top + 4) continue
    context.fillText(formatValue(to, unit), margin.left - 6, y)
  }
  context.textAlign = 'center'
  context.textBaseline = 'top'
  const stepSeconds = chooseTickSeconds((endMs - startMs) / 1000, Math.max(2, Math.floor((width - margin.left) / 90)))
  const offsetMs = new Date(startMs).getTimezoneOffset() * 60_000
  const firstMs = Math.ceil((startMs - offsetMs) / (stepSeconds * 1000)) * stepSeconds * 1000 + offsetMs
  for (let timeMs = firstMs; timeMs <= endMs; timeMs += stepSeconds * 1000) {
    const x = toX(timeMs)
    const text = formatTimeTick(timeMs, stepSeconds)
    if (x + context.measureText(text).width / 2 > width) continue
    context.fillText(text, x, bottom + 8)
  }
  context.beginPath()
  context.moveTo(margin.left, bottom + 0.5)
  context.lineTo(width - margin.right, bottom + 0.5)
  context.stroke()
}

function chooseTickSeconds(spanSeconds: number, count: number): number {
  const steps = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
  return steps.find((step) => spanSeconds / step <= count) ?? 86_400 * Math.ceil(spanSeconds / 86_400 / count)
}

type Shade = readonly [red: number, green: number, blue: number]

function parseColor(resolved: string): Shade {
  const [red = 0, green = 0, blue = 0] = (resolved.match(/[\d.]+/g) ?? []).map(Number)
  return [red, green, blue]
}

/** Returns the color at a place of 0 to 1 between the shades. */
function mix(shades: readonly Shade[], place: number): string {
  const position = Math.min(0.999, Math.max(0, place)) * (shades.length - 1)
  const low = shades[Math.floor(position)] ?? [0, 0, 0]
  const high = shades[Math.floor(position) + 1] ?? low
  const part = position % 1
  const [red, green, blue] = low.map((one, index) => Math.round(one + ((high[index] ?? one) - one) * part))
  return `rgb(${red},${green},${blue})`
}
