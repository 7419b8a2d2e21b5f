import type { ComponentChildren } from 'preact'

export interface StatProps {
  readonly label: ComponentChildren
  readonly value: ComponentChildren
  /** Smaller text behind the value. */
  readonly note?: ComponentChildren | undefined
  /** For example a sparkline below the value. */
  readonly children?: ComponentChildren
}

/** One number with its name. Do not draw it at all if the number is unknown. */
export function Stat({ label, value, note, children }: StatProps) {
  return (
    <div class="stat">
      <div class="stat-label">{label}</div>
      <div class="stat-value">
        {value}
        {note !== undefined && <span class="stat-note"> {note}</span>}
      </div>
      {children}
    </div>
  )
}
