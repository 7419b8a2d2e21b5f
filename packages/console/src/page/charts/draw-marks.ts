import { color, withAlpha } from '../theme/theme.ts'
import { frequentKinds, isLabeled, kinds } from './event-kinds.ts'
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

const tickRowHeight = 8
const labelRowHeight = 14

/** Returns where the area of a plot begins, in CSS pixels: below the ticks of the marks and, if there are any, their names. */
export function plotTop(hasLabels: boolean): number {
  return hasLabels ? tickRowHeight + labelRowHeight : tickRowHeight
}

/** The lines of more rare events than this are drawn faintly. */
const maxClearMarks = 25

/**
 * Draws each event as a tick above the area, a rare one as a line too. One that lasts is a band; a frequent one is only a strip at the top,
 * because one slow minute after the other would tint the whole chart.
 */
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
    const isFrequent = frequentKinds.has(kind)
    if (length >= 2 * ratio) {
      context.fillStyle = withAlpha(stroke, isFrequent ? 0.35 : 0.1)
      context.fillRect(x, isFrequent ? top - 2 * ratio : top, length, isFrequent ? 3 * ratio : height)
    }
    if (x - (lastOfKind.get(kind) ?? Number.NEGATIVE_INFINITY) < markWidth * ratio) continue
    lastOfKind.set(kind, x)
    if (!isFrequent) {
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

/** Writes the names of what the application did above its marks: there, they hide no value. */
export function drawMarkLabels(context: CanvasRenderingContext2D, { left, top, width, ratio, toX }: PlotArea): void {
  const named = marks.peek().filter(isLabeled)
  const labels = named.map(({ title, startMs }) => ({ text: title, x: toX(startMs) / ratio }))
  context.save()
  context.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`
  context.textAlign = 'left'
  context.textBaseline = 'bottom'
  context.fillStyle = color(kinds.annotation.color)
  for (const { text, x, maxWidth } of placeLabels(labels, left / ratio, (left + width) / ratio)) {
    context.fillText(fitText(context, text, (maxWidth - 8) * ratio), x * ratio, top - 6 * ratio)
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
