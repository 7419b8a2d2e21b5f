import type { MeterProvider } from '@opentelemetry/api'
import type { Semconv } from '../metrics/semconv.ts'
import { globalMeterProvider } from '../registry/global-api.ts'
import { MetricsRegistry, type RegistryOptions } from '../registry/registry.ts'
import { bindToMeter } from './bind-to-meter.ts'
import { joinMainThread } from './join-main-thread.ts'

/** The instrumentation scope of all exported metrics and spans. */
export const scopeName = '@wombat/instrumentation'

/** How often to check for a new global MeterProvider: the API has no event for it. */
const checkIntervalMs = 1000

const registries = new WeakMap<object, MetricsRegistry>()

/**
 * The registry of the stores that are instrumented without a registry and without a MeterProvider. A process has one, whichever
 * copies of this package it has loaded: nested dependencies, or the builds of a bundler.
 */
interface DefaultRegistry {
  readonly registry: MetricsRegistry
  /** Exports the registry through the global MeterProvider, now and whenever the provider changes. */
  readonly exportGlobally: () => void
  /** Whether stores may have been instrumented without naming the registry. */
  isShared: boolean
  /** Whether a monitoring reads it. */
  isClaimed: boolean
}

/** Increase the number in a release whose registry does not work with the code of earlier ones. */
const defaultRegistryKey = Symbol.for('@wombat/instrumentation default registry 1')
const slot = globalThis as { [defaultRegistryKey]?: DefaultRegistry }

/**
 * Returns the registry that all stores of one MeterProvider share. Without a MeterProvider it is the default registry of the
 * process: `startMonitoring()` of `@wombat/monitor` reads it, and the global MeterProvider exports it, even if the application
 * registers that later. The first call creates the registry and decides under which names operations are exported.
 *
 * @throws TypeError if `semconv` differs from that of the first call.
 *
 * @example
 * ```ts
 * import { DatabaseMetrics, sharedRegistry } from '@wombat/instrumentation'
 *
 * // The same registry that instrument() uses without options.
 * const cache = new DatabaseMetrics(sharedRegistry(), { store: 'cache' })
 * const start = process.hrtime.bigint()
 * cache.recordGet(process.hrtime.bigint() - start, true)
 * ```
 */
export function sharedRegistry(meterProvider?: MeterProvider, semconv?: Semconv): MetricsRegistry {
  if (meterProvider === undefined) {
    const entry = defaultRegistry({ ...(semconv !== undefined && { semconv }) })
    entry.isShared = true
    entry.exportGlobally()
    joinMainThread()
    return entry.registry
  }
  const existing = registries.get(meterProvider)
  if (existing !== undefined) return withNames(existing, semconv)
  const registry = new MetricsRegistry(semconv === undefined ? {} : { semconv })
  registries.set(meterProvider, registry)
  bindToMeter(registry, meterProvider.getMeter(scopeName))
  return registry
}

/** The default registry, as one monitoring holds it. */
export interface DefaultRegistryClaim {
  readonly registry: MetricsRegistry
  /** Another monitoring may claim the registry from now on. If no other code has asked for it, the next one is a new one. */
  release(): void
}

/**
 * Claims the default registry of the process for a monitoring; creates it with these options if there is none. Returns undefined if
 * another monitoring has claimed it.
 *
 * @throws TypeError if stores were instrumented under other names than `semconv`.
 */
export function claimDefaultRegistry(options: RegistryOptions): DefaultRegistryClaim | undefined {
  if (slot[defaultRegistryKey]?.isClaimed === true) return undefined
  const entry = defaultRegistry(options)
  entry.isClaimed = true
  return {
    registry: entry.registry,
    release() {
      entry.isClaimed = false
      if (!entry.isShared && slot[defaultRegistryKey] === entry) delete slot[defaultRegistryKey]
    },
  }
}

/** Returns the default registry of the process, which stays the same from now on; undefined if there is none yet. */
export function holdDefaultRegistry(): MetricsRegistry | undefined {
  const entry = slot[defaultRegistryKey]
  if (entry !== undefined) entry.isShared = true
  return entry?.registry
}

function defaultRegistry(options: RegistryOptions): DefaultRegistry {
  const existing = slot[defaultRegistryKey]
  if (existing !== undefined) {
    withNames(existing.registry, options.semconv)
    return existing
  }
  const registry = new MetricsRegistry(options)
  const entry = { registry, exportGlobally: globalExport(registry), isShared: false, isClaimed: false }
  Object.defineProperty(slot, defaultRegistryKey, { value: entry, configurable: true, enumerable: false })
  return entry
}

/** Returns the registry if it exports operations under these names. @throws TypeError if not. */
function withNames(registry: MetricsRegistry, semconv: Semconv | undefined): MetricsRegistry {
  if (semconv === undefined || semconv === registry.semconv) return registry
  throw new TypeError(
    `semconv is already ${JSON.stringify(registry.semconv)} for this MeterProvider, got ${JSON.stringify(semconv)}: set it when the first store is instrumented`,
  )
}

/**
 * Returns a function that binds the registry to the global MeterProvider, and again whenever that changes. The API itself returns a no-op
 * provider until one is registered, and instruments of that stay no-ops forever (opentelemetry-js#3622): so the registry is bound to
 * what is registered only, and that is checked regularly and at each call.
 */
function globalExport(registry: MetricsRegistry): () => void {
  let bound: MeterProvider | undefined
  let unbind = (): void => {}
  let isChecking = false
  const rebind = (): void => {
    const provider = globalMeterProvider()
    if (provider === bound) return
    unbind()
    bound = provider
    unbind = provider === undefined ? () => {} : bindToMeter(registry, provider.getMeter(scopeName))
  }
  return () => {
    rebind()
    if (!isChecking) setInterval(rebind, checkIntervalMs).unref()
    isChecking = true
  }
}
