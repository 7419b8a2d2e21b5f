import { randomBytes } from 'node:crypto'
import { pid } from 'node:process'
import type { MeasuredStore, MetricsRegistry } from '@wombat/instrumentation'
import { findLatencyCause } from '../../process/latency-cause.ts'
import type { LatencyCause, ProcessState } from '../../process/process-state.ts'
import type { HealthBounds } from '../bounds.ts'
import type { CheckContext, Finding, Observation } from '../check.ts'
import { formatCode } from './error-codes.ts'
import { type ProbeResult, StoreProbeRun } from './store-probe-run.ts'
import { worstFinding } from './threshold-levels.ts'
import { countWrites, haveWritesSucceeded, type WriteCounts } from './writes.ts'

/** How stores are tried: with a write each time, with a write where their users do not write, by reading only, or not at all. */
export type ProbeMode = 'write' | 'idle' | 'read' | 'off'

/** Under which keys this process tries stores: no two are alike, also across restarts and containers with the same pid. */
const ofProcess = `${pid}-${randomBytes(6).toString('hex')}`
let trials = 0

export interface ConnectivityOptions {
  readonly registry: MetricsRegistry
  readonly process: ProcessState
  readonly bounds: HealthBounds
  readonly probe: Exclude<ProbeMode, 'off'>
}

/** Whether a store does what it is there for: tried out, not inferred. */
export class Connectivity {
  readonly #options: ConnectivityOptions
  readonly #store: string
  readonly #trials = new WeakMap<MeasuredStore, StoreProbeRun>()
  #writesBefore: WriteCounts | undefined

  constructor(store: string, options: ConnectivityOptions) {
    this.#store = store
    this.#options = options
  }

  async run({ signal }: Pick<CheckContext, 'signal'>): Promise<Finding> {
    const { registry, process, bounds } = this.#options
    const stores = notReplaced(registry.stores.list().filter(({ name }) => name === this.#store))
    const mayWrite = this.#mayWrite()
    const fromMs = performance.now()
    const depthBefore = registry.observer.inFlight().depth
    const done = await Promise.all(stores.map((store) => this.#trialOf(store).run(store, mayWrite, signal)))
    const toMs = performance.now()
    const inFlight = Math.max(depthBefore, registry.observer.inFlight().depth)
    const seconds = (toMs - fromMs) / 1000
    const slowness = seconds > bounds.slowSeconds ? findLatencyCause(process, { fromMs, toMs, inFlight }) : undefined
    const works = this.#options.probe === 'read' ? 'Database is readable' : 'Database is responsive'
    return connectivityFinding(done, { seconds, slowness, works, bounds })
  }

  #trialOf(store: MeasuredStore): StoreProbeRun {
    let trial = this.#trials.get(store)
    if (trial === undefined) {
      trial = new StoreProbeRun(ofProcess, ++trials)
      this.#trials.set(store, trial)
    }
    return trial
  }

  #mayWrite(): boolean {
    const { probe, registry } = this.#options
    if (probe !== 'idle') return probe === 'write'
    const before = this.#writesBefore
    this.#writesBefore = countWrites(registry, this.#store)
    return !haveWritesSucceeded(before, this.#writesBefore)
  }
}

/** Without those that could not be opened where another one of the same place could: its owner tried again with a new one. */
function notReplaced(stores: readonly MeasuredStore[]): MeasuredStore[] {
  const used = stores.filter((store) => store.state() === 'open' || store.state() === 'opening')
  return stores.filter((store) => store.state() !== 'failed' || !used.some((other) => other.directory() === store.directory()))
}

interface Trials {
  readonly seconds: number
  /** Why it took long; undefined where it did not. */
  readonly slowness: LatencyCause | undefined
  /** What is said of a store that works. */
  readonly works: string
  readonly bounds: HealthBounds
}

const messages = {
  opening: { status: 'unknown', message: 'Database is opening' },
  cannot_open: { status: 'critical', message: 'Cannot open database' },
  cannot_write: { status: 'critical', message: 'Cannot write to database' },
  cannot_read: { status: 'critical', message: 'Cannot read from database' },
  integrity: { status: 'unhealthy', message: 'Data integrity issue' },
} as const

function wasTried(outcome: ProbeResult['outcome']): boolean {
  return outcome !== 'opening' && outcome !== 'cannot_open'
}

/** What tries of all stores of one name say together: the worst counts. Pure. */
function connectivityFinding(
  trials: ReadonlyArray<ProbeResult | undefined>,
  { seconds, slowness, works, bounds }: Trials,
): Finding {
  const observed: Observation = { name: 'time of the try', value: seconds, unit: 's', bound: bounds.slowSeconds }
  const findings = trials.flatMap((trial): Finding[] => {
    if (trial === undefined) return []
    const { outcome, code, isDamaged } = trial
    if (outcome !== 'works') {
      const { status, message } = messages[outcome]
      const reason = isDamaged ? 'corruption' : outcome
      return [{ status, message: formatCode(message, code), reason, ...(wasTried(outcome) && { observed }) }]
    }
    if (slowness !== undefined) return [{ status: 'degraded', message: 'Database answers slowly', reason: slowness, observed }]
    return [{ status: 'healthy', message: trial.isReadOnly ? 'Database is readable' : works, observed }]
  })
  return worstFinding(findings) ?? { status: 'unknown', message: 'Database is closed' }
}
