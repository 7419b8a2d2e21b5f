import type { MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import type { Logger } from '../logger.ts'
import type { HealthChange } from './check.ts'
import type { WarnOnce } from './warn-once.ts'

/** Where changes are reported. */
export interface ChangeLogOptions {
  readonly logger: Logger | undefined
  readonly onChange: ((change: HealthChange) => void) | undefined
  readonly warnOnce: WarnOnce
  readonly registry: MetricsRegistry | undefined
}

/** How many changes are kept. */
const maxChanges = 100

/** Keeps the last changes of check statuses, logs them, and notifies `onChange`. */
export class ChangeLog {
  readonly #options: ChangeLogOptions
  #changes: readonly HealthChange[] = []

  constructor(options: ChangeLogOptions) {
    this.#options = options
  }

  /** The last 100 changes, oldest first. */
  get changes(): readonly HealthChange[] {
    return this.#changes
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#changes = this.#changes.map(({ check, from, to, timeMs }) => {
      const { lastCheckMs, sinceMs } = check
      const times = { sinceMs: sinceMs + deltaMs, lastCheckMs: lastCheckMs === undefined ? undefined : lastCheckMs + deltaMs }
      return Object.freeze({ check: Object.freeze({ ...check, ...times }), from, to, timeMs: timeMs + deltaMs })
    })
  }

  /** Keeps and logs a change, and notifies `onChange`. Never throws. */
  record(change: HealthChange): void {
    this.#changes = [...this.#changes, change].slice(-maxChanges)
    this.#write(logLevel(change), change, 'health status changed')
    const { onChange, warnOnce, registry } = this.#options
    // An async function may have been given: its rejection would end the process.
    const notify = async (): Promise<void> => onChange?.(change)
    notify().catch((error: unknown) => {
      registry?.recordCalloutFailure('hook', error)
      warnOnce.warn('onChange', { kind: errorKind(error) }, 'health.onChange failed; the change is only logged')
    })
  }

  /** Logs at debug level that the first result of a check is healthy. This is not a change. */
  logInitialHealthy(change: HealthChange): void {
    this.#write('debug', change, 'health check passed its first run')
  }

  #write(level: keyof Logger, { check, from, to }: HealthChange, text: string): void {
    const { name, store, message, observed, cause } = check
    const fields = {
      check: name,
      ...(store !== undefined && { store }),
      from,
      to,
      message,
      ...(observed !== undefined && { value: observed.value }),
      ...(observed?.bound !== undefined && { bound: observed.bound }),
      ...(cause !== undefined && { cause: cause.message }),
    }
    try {
      this.#options.logger?.[level](fields, text)
    } catch {
      // The application's logger failed, so there is nowhere to report it.
    }
  }
}

function logLevel({ to }: HealthChange): keyof Logger {
  if (to === 'healthy') return 'info'
  return to === 'critical' ? 'error' : 'warn'
}
