import { metrics as api, type MeterProvider } from '@opentelemetry/api'
import type { Semconv } from '../metrics/semconv.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { bindToMeter } from './bind-to-meter.ts'

/** The instrumentation scope of all exported metrics and spans. */
export const scopeName = '@wombat/instrumentation'

/** How often to check for a new global MeterProvider: the API has no event for it. */
const checkIntervalMs = 1000

/** The key of the global MeterProvider's registry; the provider itself may change. */
const globalKey: object = {}
const registries = new WeakMap<object, MetricsRegistry>()
/** For a registry of the global MeterProvider: a function that binds it again if the provider has changed. */
const rebindByRegistry = new WeakMap<MetricsRegistry, () => void>()

/**
 * Returns the registry that all stores of one MeterProvider share (default: the global MeterProvider, even if the
 * application registers it later). The first call for a MeterProvider creates the registry and decides under which
 * names operations are exported.
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
  const owner = meterProvider ?? globalKey
  const existing = registries.get(owner)
  if (existing !== undefined) {
    if (semconv !== undefined && semconv !== existing.semconv) {
      throw new TypeError(
        `semconv is already ${JSON.stringify(existing.semconv)} for this MeterProvider, got ${JSON.stringify(semconv)}: set it when the first store is instrumented`,
      )
    }
    rebindByRegistry.get(existing)?.()
    return existing
  }
  const registry = new MetricsRegistry(semconv === undefined ? {} : { semconv })
  registries.set(owner, registry)
  if (meterProvider === undefined) followGlobalProvider(registry)
  else bindToMeter(registry, meterProvider.getMeter(scopeName))
  return registry
}

/**
 * Binds a registry to the global MeterProvider. Until one is registered, the API returns a no-op provider, and
 * instruments of that stay no-ops forever (opentelemetry-js#3622). So this checks regularly, and binds again if the
 * provider has changed.
 */
function followGlobalProvider(registry: MetricsRegistry): void {
  let bound: MeterProvider | undefined
  let unbind = (): void => {}
  const rebind = (): void => {
    const provider = api.getMeterProvider()
    if (provider === bound) return
    unbind()
    bound = provider
    unbind = bindToMeter(registry, provider.getMeter(scopeName))
  }
  rebind()
  rebindByRegistry.set(registry, rebind)
  setInterval(rebind, checkIntervalMs).unref()
}
