import { pid } from 'node:process'
import type { MeasuredStore, MetricsRegistry } from '@wombat/instrumentation'
import { operationMetrics, seriesKey } from '@wombat/instrumentation/internal'
import { findLatencyCause } from '../../process/latency-cause.ts'
import type { LatencyCause } from '../../process/process-state.ts'
import type { CheckContext, Finding, HealthCheck, Observation } from '../check.ts'
import type { Bounds, BoundValues } from './bound.ts'
import type { CheckDependencies, ProbeMode, StoreCheck, StoreCheckSource } from './built-in-check.ts'
import { withCode } from './error-codes.ts'
import { blockedEventLoop, corruptedData, fullThreadPool } from './remediation.ts'
import { type ProbeResult, StoreProbeRun } from './store-probe-run.ts'
import { worstFinding } from './threshold-levels.ts'

const bounds = {
  slowSeconds: {
    value: 1,
    unit: 'seconds',
    description: 'time to write, read and remove a key above which a store is degraded',
  },
} as const satisfies Bounds

type ConnectivityBounds = BoundValues<typeof bounds>

/** Probes each store: writes, reads back and removes a reserved key. */
export const databaseConnectivity = {
  name: 'database_connectivity',
  scope: 'store',
  bounds,
  remediations: {
    cannot_open: {
      cause: 'Another process has the store open, or its files are missing, corrupted or not readable by this user.',
      nextSteps: [
        'Check whether another process holds its lock.',
        'Check that its directory exists, and its owner and mode.',
        'Read the error in the application log.',
      ],
    },
    cannot_write: {
      cause: 'The disk is full, read-only or failing, or the store rejects writes after an earlier error.',
      nextSteps: ['Check the disk: free space, errors, read-only mount.', "Read the store's own log.", 'Reopen the store.'],
    },
    cannot_read: {
      cause: 'The disk is failing, or the files of the store are missing or corrupted.',
      nextSteps: ['Check the disk and the kernel log.', "Check that the store's files exist.", 'Reopen the store.'],
    },
    integrity: corruptedData,
    corruption: corruptedData,
    opening: {
      cause: 'The store is opening, and may have to recover its log.',
      nextSteps: ['Wait.', "If it takes minutes, read the store's own log."],
    },
    event_loop: blockedEventLoop,
    thread_pool: fullThreadPool,
    store: {
      cause: 'The store itself is slow: its disk, its compaction, or too many concurrent operations.',
      nextSteps: [
        'Check disk utilization.',
        'Limit how many operations are in flight.',
        'Find long transactions and open iterators.',
      ],
    },
    else: {
      cause: 'The probe of the store failed for an unknown reason.',
      nextSteps: ['Read the application log.', "Check the disk and the store's own log."],
    },
  },
  create(store: string, dependencies: CheckDependencies, bounds: ConnectivityBounds): StoreCheckSource {
    const { probe } = dependencies
    if (probe === 'off') return () => undefined
    const connectivity = new StoreConnectivity(store, dependencies, probe, bounds)
    const check: HealthCheck = { name: 'database_connectivity', store, run: ({ signal }) => connectivity.run(signal) }
    return (stores) => (stores.some(canBeProbed) ? check : undefined)
  },
} as const satisfies StoreCheck

function canBeProbed(store: MeasuredStore): boolean {
  return store.state() === 'opening' || store.state() === 'failed' || store.probe() !== undefined
}

/** Part of the reserved keys of this process: unique across restarts, and across containers with the same pid. */
const processId = `${pid}-${Math.random().toString(36).slice(2, 12)}`
let probeRunCount = 0

/** Probes all stores of one name. */
class StoreConnectivity {
  readonly #store: string
  readonly #dependencies: CheckDependencies
  readonly #probe: Exclude<ProbeMode, 'off'>
  readonly #bounds: ConnectivityBounds
  readonly #probeRuns = new WeakMap<MeasuredStore, StoreProbeRun>()
  #lastWrites: WriteCounts | undefined

  constructor(store: string, dependencies: CheckDependencies, probe: Exclude<ProbeMode, 'off'>, bounds: ConnectivityBounds) {
    this.#store = store
    this.#dependencies = dependencies
    this.#probe = probe
    this.#bounds = bounds
  }

  async run(signal: CheckContext['signal']): Promise<Finding> {
    const { registry, process } = this.#dependencies
    const stores = withoutReplaced(registry.stores.list().filter(({ name }) => name === this.#store))
    const mayWrite = this.#mayWrite()
    const fromMs = performance.now()
    const inFlightBefore = registry.observer.inFlight().depth
    const endWatch = process.watch()
    let results: ReadonlyArray<ProbeResult | undefined>
    try {
      results = await Promise.all(stores.map((store) => this.#probeRun(store).run(store, mayWrite, signal)))
    } finally {
      endWatch()
    }
    const toMs = performance.now()
    const inFlight = Math.max(inFlightBefore, registry.observer.inFlight().depth)
    const seconds = (toMs - fromMs) / 1000
    const isSlow = seconds > this.#bounds.slowSeconds
    return evaluateConnectivity(results, {
      seconds,
      latencyCause: isSlow ? findLatencyCause(process, { fromMs, toMs, inFlight }) : undefined,
      healthyMessage: this.#probe === 'read' ? 'Database is readable' : 'Database is responsive',
      bounds: this.#bounds,
    })
  }

  #probeRun(store: MeasuredStore): StoreProbeRun {
    let run = this.#probeRuns.get(store)
    if (run === undefined) {
      run = new StoreProbeRun(processId, ++probeRunCount)
      this.#probeRuns.set(store, run)
    }
    return run
  }

  #mayWrite(): boolean {
    if (this.#probe !== 'idle') return this.#probe === 'write'
    const before = this.#lastWrites
    this.#lastWrites = countWrites(this.#dependencies.registry, this.#store)
    return !haveWritesSucceeded(before, this.#lastWrites)
  }
}

/** Leaves out stores that failed to open if another store has since used the same directory: the application retried with it. */
function withoutReplaced(stores: readonly MeasuredStore[]): MeasuredStore[] {
  const usableStores = stores.filter((store) => store.state() === 'open' || store.state() === 'opening')
  return stores.filter(
    (store) => store.state() !== 'failed' || !usableStores.some((other) => other.directory() === store.directory()),
  )
}

interface ConnectivityInput {
  readonly seconds: number
  /** What the probes waited for; undefined if they were fast enough. */
  readonly latencyCause: LatencyCause | undefined
  readonly healthyMessage: string
  readonly bounds: ConnectivityBounds
}

const outcomes = {
  opening: { status: 'unknown', message: 'Database is opening', isTimed: false },
  cannot_open: { status: 'critical', message: 'Cannot open database', isTimed: false },
  cannot_write: { status: 'critical', message: 'Cannot write to database', isTimed: true },
  cannot_read: { status: 'critical', message: 'Cannot read from database', isTimed: true },
  integrity: { status: 'unhealthy', message: 'Data integrity issue', isTimed: true },
} as const

/** Returns the worst finding about the probes of all stores of one name; undefined results are stores that were not probed. */
function evaluateConnectivity(
  results: ReadonlyArray<ProbeResult | undefined>,
  { seconds, latencyCause, healthyMessage, bounds }: ConnectivityInput,
): Finding {
  const observed: Observation = { name: 'duration of the probe', value: seconds, unit: 's', bound: bounds.slowSeconds }
  const findings = results.flatMap((result): Finding[] => {
    if (result === undefined) return []
    const { outcome, code, isCorrupted, isReadOnly } = result
    if (outcome !== 'works') {
      const { status, message, isTimed } = outcomes[outcome]
      const reason = isCorrupted ? 'corruption' : outcome
      return [{ status, message: withCode(message, code), reason, ...(isTimed && { observed }) }]
    }
    if (latencyCause !== undefined) {
      return [{ status: 'degraded', message: 'Database responds slowly', reason: latencyCause, observed }]
    }
    return [{ status: 'healthy', message: isReadOnly ? 'Database is readable' : healthyMessage, observed }]
  })
  return worstFinding(findings) ?? { status: 'unknown', message: 'Database is closed' }
}

/** Writes of the application, as counted so far. */
interface WriteCounts {
  readonly settled: number
  readonly failed: number
}

const writeMetrics = (['set', 'delete', 'batch'] as const).map(operationMetrics)
const settledNames: ReadonlySet<string> = new Set(writeMetrics.map(({ operations }) => operations))
const failedNames: ReadonlySet<string> = new Set(writeMetrics.map(({ errors }) => errors))

/** Reads the registry itself: the history may be a whole interval behind. */
function countWrites(registry: MetricsRegistry, store: string): WriteCounts {
  return { settled: sumCounters(registry, settledNames, store), failed: sumCounters(registry, failedNames, store) }
}

/** Returns whether the application wrote successfully, and without a failure, between two counts. */
function haveWritesSucceeded(from: WriteCounts | undefined, to: WriteCounts): boolean {
  return from !== undefined && to.settled > from.settled && to.failed === from.failed
}

function sumCounters(registry: MetricsRegistry, names: ReadonlySet<string>, store: string): number {
  const key = seriesKey({ store })
  let sum = 0
  for (const { definition, series } of registry.families()) {
    const counter = names.has(definition.name) ? series.get(key)?.instrument : undefined
    if (counter !== undefined && 'value' in counter && typeof counter.value === 'number') sum += counter.value
  }
  return sum
}
