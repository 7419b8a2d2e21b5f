import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { ApiError } from '../api/client.ts'
import type { HeatMapAnswer } from '../api/types.ts'
import { Empty, ErrorNotice, Skeleton } from '../components/notices.tsx'
import { showLive, zoomTo } from '../data/time-range.ts'
import { formatCount } from '../format/numbers.ts'
import { formatShortTime, formatTimeTick } from '../format/times.ts'
import { formatValue } from '../format/units.ts'
import { color, theme } from '../theme/theme.ts'
import { cursorMs } from './cursor.ts'
import { type HeatCells, toHeatCells } from './heat-cells.ts'
import { useWidth } from './use-size.ts'

const margin = { left: 64, right: 8, top: 4, bottom: 22 } as const

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
  const { title, subtitle, answer, isLoading, error, onRetry, height = 220, actions, empty } = props
  const cells = useMemo(() => (answer === undefined ? undefined : toHeatCells(answer)), [answer])
  return (
    <figure class="card chart card-wide">
      <figcaption class="card-header">
        <div>
          <h2>{title}</h2>
          {subtitle !== undefined && <p class="muted">{subtitle}</p>}
        </div>
        {actions !== undefined && <div class="card-actions">{actions}</div>}
      </figcaption>
      {error !== undefined && <ErrorNotice error={error} what={title} onRetry={onRetry} />}
      {isLoading ? (
        <Skeleton height={height + 30} />
      ) : cells === undefined || cells.rows.length === 0 ? (
        error === undefined && (
          <div class="chart-empty" style={{ minHeight: `${height + 30}px` }}>
            <Empty>{empty ?? 'No operations in this range.'}</Empty>
          </div>
        )
      ) : (
        <HeatPlot {...props} cells={cells} height={height} />
      )}
    </figure>
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
  const hovered = useSignal<{ readonly timeMs: number; readonly row: number } | undefined>(undefined)
  const brush = useSignal<{ readonly from: number; readonly to: number } | undefined>(undefined)
  const themeNow = theme.value
  const plotWidth = Math.max(1, width - margin.left - margin.right)
  const plotHeight = height - margin.top - margin.bottom
  const toTime = (x: number): number => startMs + ((x - margin.left) / plotWidth) * (endMs - startMs)
  const toX = (timeMs: number): number => margin.left + ((timeMs - startMs) / (endMs - startMs)) * plotWidth

  useEffect(() => {
    const { current } = canvas
    if (current !== null && width > 0) draw(current, { cells, startMs, endMs, width, height, unit })
  }, [cells, startMs, endMs, width, height, themeNow, unit])

  const read = ({ offsetX, offsetY }: PointerEvent): void => {
    const timeMs = toTime(Math.min(Math.max(offsetX, margin.left), margin.left + plotWidth))
    const row = Math.floor(((plotHeight - (offsetY - margin.top)) / plotHeight) * cells.rows.length)
    cursorMs.value = timeMs
    hovered.value = { timeMs, row }
    if (brush.value !== undefined) brush.value = { from: brush.value.from, to: offsetX }
  }
  const finish = (): void => {
    const range = brush.value
    brush.value = undefined
    if (range === undefined || Math.abs(range.to - range.from) < 4) return
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
            hovered.value = undefined
          }}
          onDblClick={showLive}
        />
        {cursorX !== undefined && cursorX >= margin.left && cursorX <= width - margin.right && (
          <span class="heat-cursor" style={{ left: `${cursorX}px`, top: `${margin.top}px`, height: `${plotHeight}px` }} />
        )}
        {brushed !== undefined && Math.abs(brushed.to - brushed.from) >= 4 && (
          <span
            class="heat-brush"
            style={{
              left: `${Math.min(brushed.from, brushed.to)}px`,
              width: `${Math.abs(brushed.to - brushed.from)}px`,
              top: `${margin.top}px`,
              height: `${plotHeight}px`,
            }}
          />
        )}
      </div>
      <div class="heat-legend">
        <span class="heat-text">{describeCell(hovered.value, cells, unit, counted)}</span>
        <span>1</span>
        <span class="heat-scale" aria-hidden="true" />
        <span>
          {formatCount(cells.maxCount)} {counted} per cell
        </span>
      </div>
    </>
  )
}

function describeCell(
  hovered: { readonly timeMs: number; readonly row: number } | undefined,
  cells: HeatCells,
  unit: string,
  counted: string,
): string {
  if (hovered === undefined) return ''
  const row = cells.rows[hovered.row]
  const column = cells.columns.find(({ endMs }) => endMs >= hovered.timeMs && endMs - cells.stepMs < hovered.timeMs)
  if (row === undefined || column === undefined) return ''
  const count = column.counts[hovered.row] ?? 0
  const total = column.counts.reduce((sum, one) => sum + one, 0)
  return `${formatShortTime(column.endMs, column.endMs)}, ${rangeText(row, unit)}: ${formatCount(count)} of ${formatCount(total)} ${counted}`
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
  readonly unit: string
}

function draw(canvas: HTMLCanvasElement, { cells, startMs, endMs, width, height, unit }: Drawing): void {
  const ratio = devicePixelRatio
  canvas.width = width * ratio
  canvas.height = height * ratio
  const context = canvas.getContext('2d')
  if (context === null) return
  context.scale(ratio, ratio)
  const plotWidth = width - margin.left - margin.right
  const plotHeight = height - margin.top - margin.bottom
  const toX = (timeMs: number): number => margin.left + ((timeMs - startMs) / (endMs - startMs)) * plotWidth
  const rowHeight = plotHeight / cells.rows.length
  const shades = [color('--heat-low'), color('--heat-middle'), color('--heat-high')].map(parseColor)
  const scale = Math.log1p(cells.maxCount)
  context.save()
  context.beginPath()
  context.rect(margin.left, margin.top, plotWidth, plotHeight)
  context.clip()
  for (const column of cells.columns) {
    const left = Math.round(toX(column.endMs - cells.stepMs))
    const right = Math.round(toX(column.endMs))
    for (const [row, count] of column.counts.entries()) {
      if (count === 0) continue
      context.fillStyle = mix(shades, scale === 0 ? 1 : Math.log1p(count) / scale)
      const top = Math.round(margin.top + plotHeight - (row + 1) * rowHeight)
      const bottom = Math.round(margin.top + plotHeight - row * rowHeight)
      context.fillRect(left, top, Math.max(1, right - left), bottom - top - 1)
    }
  }
  context.restore()
  drawAxes(context, { cells, startMs, endMs, width, height, unit }, rowHeight, toX)
}

function drawAxes(
  context: CanvasRenderingContext2D,
  { cells, startMs, endMs, width, height, unit }: Drawing,
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
    if (y < margin.top + 4) continue
    context.fillText(formatValue(to, unit), margin.left - 6, y)
  }
  context.textAlign = 'center'
  context.textBaseline = 'top'
  const stepSeconds = chooseTickSeconds((endMs - startMs) / 1000, Math.max(2, Math.floor((width - margin.left) / 90)))
  const offsetMs = new Date(startMs).getTimezoneOffset() * 60_000
  const firstMs = Math.ceil((startMs - offsetMs) / (stepSeconds * 1000)) * stepSeconds * 1000 + offsetMs
  for (let timeMs = firstMs; timeMs <= endMs; timeMs += stepSeconds * 1000) {
    const x = toX(timeMs)
    if (x > width - 14) continue
    context.fillText(formatTimeTick(timeMs, stepSeconds), x, bottom + 6)
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
