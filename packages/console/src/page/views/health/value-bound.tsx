import type { HealthCheck, HealthStatus } from '../../api/types.ts'
import { formatValue } from '../../format/units.ts'

/** The value that a check observed, and the bound that it compares it with, as a bar with a mark. */
export function ValueBound({
  observed,
  status,
}: {
  readonly observed: NonNullable<HealthCheck['observed']>
  readonly status: HealthStatus
}) {
  const { name, value, bound } = observed
  if (value === undefined) return null
  const shownUnit = unitOfObserved(observed)
  const text = formatValue(value, shownUnit)
  const boundText = bound === undefined ? undefined : `bound ${formatValue(bound, shownUnit)}`
  // The mark stands within the bar, whichever is greater.
  const end = Math.max(value, bound ?? 0) * 1.2
  return (
    <div class="value-bound">
      <div class="bar-text">
        <span class="muted">{name}</span>
        <span>
          <b>{text}</b>
          {boundText !== undefined && <span class="muted"> {boundText}</span>}
        </span>
      </div>
      {bound !== undefined && bound > 0 && value >= 0 && (
        <div class="value-track" aria-hidden="true">
          <span class="value-fill" style={{ width: `${(value / end) * 100}%`, background: `var(--${status})` }} />
          <span class="value-mark" style={{ left: `${(bound / end) * 100}%` }} />
        </div>
      )}
    </div>
  )
}

/** Returns the unit of an observed value: a share of 0 to 1 is shown as percent. */
export function unitOfObserved({ name, unit }: NonNullable<HealthCheck['observed']>): string {
  if (unit === 'share') return '%'
  return unit === '1' && /^(?:share|use) /.test(name) ? '%' : unit
}
