import { formatShare } from '../format/numbers.ts'
import { formatValue } from '../format/units.ts'

export interface BarPart {
  readonly label: string
  readonly value: number
  /** A token. */
  readonly color: string
}

/** Parts of a whole as one bar, with a legend. The rest up to `total` is left free. */
export function StackedBar({
  label,
  parts,
  unit,
  total,
}: {
  /** What the whole is. */
  readonly label: string
  readonly parts: readonly BarPart[]
  readonly unit: string
  /** If it is more than the parts. */
  readonly total?: number | undefined
}) {
  const sum = parts.reduce((before, { value }) => before + value, 0)
  const whole = Math.max(total ?? sum, sum)
  const percent = (value: number): number => (whole > 0 ? (value / whole) * 100 : 0)
  const text = parts.map(({ label, value }) => `${label} ${formatValue(value, unit)}`).join(', ')
  return (
    <div class="stacked-bar">
      <div class="bar-track" role="img" aria-label={`${label}: ${text}`}>
        {parts.map(({ label, value, color }) => (
          <span
            key={label}
            title={`${label}: ${formatValue(value, unit)}`}
            style={{ width: `${percent(value)}%`, background: `var(${color})` }}
          />
        ))}
      </div>
      <ul class="legend">
        {parts.map(({ label, value, color }) => (
          <li key={label} class="legend-item">
            <span class="swatch" style={{ background: `var(${color})` }} />
            <span class="legend-label">{label}</span>
            <span class="legend-value">{formatValue(value, unit)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** One value as a bar, of a limit or of the greatest of several. */
export function Bar({
  label,
  value,
  max,
  unit,
  color = '--accent',
  hasShare = false,
}: {
  readonly label: string
  readonly value: number
  readonly max: number
  readonly unit: string
  /** A token. */
  readonly color?: string | undefined
  /** Whether the share of `max` is written too. */
  readonly hasShare?: boolean | undefined
}) {
  const share = max > 0 ? Math.min(1, value / max) : 0
  return (
    <div class="bar">
      <div class="bar-text">
        <span>{label}</span>
        <span class="numeric">
          {formatValue(value, unit)}
          {hasShare && (
            <span class="muted">
              {' '}
              of {formatValue(max, unit)} ({formatShare(share)})
            </span>
          )}
        </span>
      </div>
      <div class="bar-track" aria-hidden="true">
        <span style={{ width: `${share * 100}%`, background: `var(${color})` }} />
      </div>
    </div>
  )
}
