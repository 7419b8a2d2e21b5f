import { errorKind } from '@wombat/instrumentation/internal'
import type { Logger } from '../logger.ts'
import type { HealthChange } from './check.ts'
import type { WarnOnce } from './warn-once.ts'

export interface ChangeLogOptions {
  readonly logger: Logger | undefined
  readonly onChange: ((change: HealthChange) => void) | undefined
  readonly warnOnce: WarnOnce
}

/** How many changes are remembered. */
const changesKept = 100

/** Says that checks changed: to the log, to whoever asked to be told, and to whoever looks later. */
export class ChangeLog {
  readonly #options: ChangeLogOptions
  #kept: readonly HealthChange[] = []

  constructor(options: ChangeLogOptions) {
    this.#options = options
  }

  /** Oldest first. */
  get changes(): readonly HealthChange[] {
    return this.#kept
  }

  log(change: HealthChange): void {
    this.#kept = [...this.#kept, change].slice(-changesKept)
    this.#write(logLevel(change), change, 'health changed')
    const { onChange, warnOnce } = this.#options
    // It may have been given an async function, whose rejection would end the process.
    const told = async (): Promise<void> => onChange?.(change)
    told().catch((error: unknown) => warnOnce.warn('onChange', { kind: errorKind(error) }, 'onChange failed'))
  }

  /** That something was well from the beginning is no news. */
  logRecovered(change: HealthChange): void {
    this.#write('debug', change, 'health is known')
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
      ...(cause !== undefined && { cause: cause?.message }),
    }
    try {
      this.#options.logger?.[level](fields, text)
    } catch {
      // The application's logger failed: there is nowhere left to say it.
    }
  }
}

function logLevel({ to }: HealthChange): keyof Logger {
  if (to === 'healthy') return 'info'
  return to === 'critical' ? 'error' : 'warn'
}
