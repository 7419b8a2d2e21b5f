import type { HealthStatus } from '../api/types.ts'

/** How bad something is, worst last. */
const order: readonly HealthStatus[] = ['healthy', 'unknown', 'degraded', 'unhealthy', 'critical']

/** Each status has its own shape, so that it can be told without color. */
const shapes: Readonly<Record<HealthStatus, string>> = {
  healthy: 'M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6 10.2l2.8 2.8 5.2-5.8',
  degraded: 'M10 2.5L18.5 17.5h-17zM10 8v4M10 14.6v.4',
  unhealthy: 'M10 1.5L18.5 10 10 18.5 1.5 10zM10 6v5M10 13.6v.4',
  critical: 'M6.7 2h6.6L18 6.7v6.6L13.3 18H6.7L2 13.3V6.7zM7 7l6 6M13 7l-6 6',
  unknown: 'M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM7.8 8a2.2 2.2 0 1 1 3 2c-.5.3-.8.7-.8 1.4M10 14v.4',
}

export interface StatusProps {
  readonly status: HealthStatus
  /** Instead of the name of the status, for example `firing`. */
  readonly word?: string | undefined
  /** Whether it stands on a tinted ground. */
  readonly isBadge?: boolean | undefined
}

/** A status as icon and word. */
export function Status({ status, word = status, isBadge = false }: StatusProps) {
  return (
    <span class={`status status-${status}${isBadge ? ' status-badge' : ''}`}>
      <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <path d={shapes[status]} />
      </svg>
      <span>{word}</span>
    </span>
  )
}

/** Returns a number for sorting: the worse, the greater. */
export function statusRank(status: HealthStatus): number {
  return order.indexOf(status)
}

/** Returns whether a value of an event is a status. */
export function isHealthStatus(value: unknown): value is HealthStatus {
  return order.some((status) => status === value)
}

/** Returns the status that stands for the severity of an alert or event. */
export function statusOfSeverity(severity: string | undefined): HealthStatus {
  if (severity === 'critical') return 'critical'
  return severity === 'warning' ? 'degraded' : 'unknown'
}
