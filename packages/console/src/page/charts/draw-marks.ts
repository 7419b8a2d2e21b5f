import { color, withAlpha } from '../theme/theme.ts'
import { frequentKinds, kinds } from './event-kinds.ts'
import { placeLabels } from './mark-labels.ts'
import { marks } from './marks.tsx'
import { markWidth } from './nearby-events.ts'

/** The part of a canvas that has the values, in pixels of the canvas. */
export interface PlotArea {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** Pixels of the canvas in one CSS pixel. */
  readonly ratio: number
  readonly toX: (timeMs: number) => number
}

/** The lines of more rare events than this are drawn faintly. */
const maxClearMarks = 25

/** Draws each event as a tick above the area, a rare one as a line too, one that lasts as a band, and what the application did by its name. */
export function drawMarks(context: CanvasRenderingContext2D, area: PlotArea): void {
  const { left, top, width, height, ratio, toX } = area
  const shown = marks.peek()
  const lastOfKind = new Map<string, number>()
  context.save()
  context.beginPath()
  context.rect(left, top - markWidth * ratio, width, height + markWidth * ratio)
  context.clip()
  // Many lines would hide what the chart shows.
  const lineAlpha = shown.filter(({ kind }) => !frequentKinds.has(kind)).length > maxClearMarks ? 0.15 : 0.4
  for (const { kind, startMs, endMs } of shown) {
    const x = Math.round(toX(startMs))
    const length = endMs === undefined ? 0 : toX(endMs) - x
    const stroke = color(kinds[kind].color)
    if (length >= 2 * ratio) {
      context.fillStyle = withAlpha(stroke, 0.1)
      context.fillRect(x, top, length, height)
    }
    if (x - (lastOfKind.get(kind) ?? Number.NEGATIVE_INFINITY) < markWidth * ratio) continue
    lastOfKind.set(kind, x)
    if (!frequentKinds.has(kind)) {
      context.fillStyle = withAlpha(stroke, lineAlpha)
      context.fillRect(x, top, ratio, height)
    }
    context.fillStyle = stroke
    context.beginPath()
    context.moveTo(x - 3 * ratio, top - 5 * ratio)
    context.lineTo(x + 4 * ratio, top - 5 * ratio)
    context.lineTo(x + 0.5 * ratio, top + ratio)
    context.fill()
  }
  context.restore()
}

/** Writes the names of what the application did beside the marks, above what the chart shows. */
export function drawMarkLabels(context: CanvasRenderingContext2D, { left, top, width, ratio, toX }: PlotArea): void {
  const named = marks.peek().filter(({ kind }) => kind === 'annotation')
  const labels = named.map(({ title, startMs }) => ({ text: title, x: toX(startMs) / ratio }))
  context.save()
  context.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`
  context.textAlign = 'left'
  context.textBaseline = 'top'
  for (const { text, x, maxWidth } of placeLabels(labels, left / ratio, (left + width) / ratio)) {
    const fitted = fitText(context, text, (maxWidth - 12) * ratio)
    const labelWidth = context.measureText(fitted).width + 6 * ratio
    context.fillStyle = withAlpha(color('--surface'), 0.85)
    context.fillRect((x + 2) * ratio, top + ratio, labelWidth, 15 * ratio)
    context.fillStyle = color(kinds.annotation.color)
    context.fillText(fitted, (x + 5) * ratio, top + 3 * ratio)
  }
  context.restore()
}

/** Returns a text, cut so that it is not wider than `maxWidth`. */
function fitText(context: CanvasRenderingContext2D, text: string, maxWidth: number): string {
  if (context.measureText(text).width <= maxWidth) return text
  let length = text.length
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > maxWidth) length--
  return `${text.slice(0, length).trimEnd()}…`
}
