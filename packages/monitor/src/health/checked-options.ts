import { type CheckSettings, millisecondsFault, settingsFault } from './check-plan.ts'

interface Checkable {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly parallel?: number
  readonly settings?: Readonly<Record<string, CheckSettings>>
}

/** The options of a health monitor, seen to be usable. @throws TypeError */
export function checkedOptions<Options extends Checkable>(options: Options): Options {
  const { parallel = 8, settings = {} } = options
  for (const key of ['intervalMs', 'timeoutMs'] as const) {
    const fault = millisecondsFault(options[key])
    if (fault !== undefined) throw new TypeError(`${key} ${fault}`)
  }
  if (!Number.isInteger(parallel) || parallel < 1) {
    throw new TypeError(`parallel must be a whole number of 1 or more, got ${String(parallel)}: none would ever run`)
  }
  for (const [name, own] of Object.entries(settings)) {
    const fault = settingsFault(own)
    if (fault !== undefined) throw new TypeError(`settings of the health check ${name}: ${fault}`)
  }
  return options
}
