import { nowMs } from '../data/time-range.ts'
import { formatShortTime } from '../format/times.ts'
import type { NearbyEvents } from './nearby-events.ts'

const maxWidth = 340

export interface CursorRow {
  readonly key: string
  readonly label: string
  readonly value: string
  /** A token. */
  readonly color?: string | undefined
}

export interface CursorBoxProps {
  readonly timeMs: number
  /** Of the pointer in the chart, in CSS pixels. */
  readonly left: number
  /** Of the chart. */
  readonly width: number
  readonly rows: readonly CursorRow[]
  readonly events?: NearbyEvents | undefined
}

/** The time under the pointer, the values at it, and what happened then. The legend and the table have the same for all others. */
export function CursorBox({ timeMs, left, width, rows, events }: CursorBoxProps) {
  const isLeft = left > width / 2
  const room = isLeft ? left : width - left
  return (
    <div
      class={`cursor-box${isLeft ? ' cursor-box-left' : ''}`}
      style={{ left: `${left}px`, maxWidth: `${Math.min(maxWidth, room - 10)}px` }}
      aria-hidden="true"
    >
      <div class="muted">{formatShortTime(timeMs, nowMs.value)}</div>
      {rows.map(({ key, label, value, color }) => (
        <div key={key} class="cursor-row">
          {color !== undefined && <span class="swatch" style={{ background: `var(${color})` }} />}
          <span class="legend-label">{label}</span>
          <span class="legend-value">{value}</span>
        </div>
      ))}
      {events?.lines.map(({ text, color }) => (
        <div key={text} class="cursor-event" style={{ borderColor: `var(${color})` }}>
          {text}
        </div>
      ))}
      {events !== undefined && events.others > 0 && (
        <div class="muted">
          and {events.others} {events.others === 1 ? 'other' : 'others'}
        </div>
      )}
    </div>
  )
}
