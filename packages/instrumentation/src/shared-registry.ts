import { metrics as api, type MeterProvider } from '@opentelemetry/api'
import { bindToMeter } from './instruments.ts'
import { MetricsRegistry } from './registry.ts'
import type { Semconv } from './semconv.ts'

/** The instrumentation scope under which all our metrics travel. */
export const scopeName = '@wombat/instrumentation'

/** How often to look whether the application has registered a MeterProvider: the API tells nobody. */
const lookEveryMs = 1000

const ofProvider = new WeakMap<MeterProvider, Map<Semconv, MetricsRegistry>>()
const ofGlobal = new Map<Semconv, MetricsRegistry>()

/** The registry that all stores of one MeterProvider share; without one, that of the global MeterProvider. */
export function sharedRegistry(meterProvider?: MeterProvider, semconv: Semconv = 'wombat'): MetricsRegistry {
  if (meterProvider === undefined) return globalRegistry(semconv)
  let registries = ofProvider.get(meterProvider)
  if (registries === undefined) ofProvider.set(meterProvider, (registries = new Map()))
  let registry = registries.get(semconv)
  if (registry === undefined) {
    registries.set(semconv, (registry = new MetricsRegistry({ semconv })))
    bindToMeter(registry, meterProvider.getMeter(scopeName))
  }
  return registry
}

/**
 * A registry that follows the global MeterProvider. Until one is registered the API hands out a no-op whose instruments
 * stay no-ops for ever (opentelemetry-js#3622), so we look for it again, and bind anew when it is another one.
 */
function globalRegistry(semconv: Semconv): MetricsRegistry {
  const known = ofGlobal.get(semconv)
  if (known !== undefined) return known
  const registry = new MetricsRegistry({ semconv })
  ofGlobal.set(semconv, registry)
  let bound: MeterProvider | undefined
  let release = () => {}
  const follow = (): void => {
    const provider = api.getMeterProvider()
    if (provider === bound) return
    release()
    bound = provider
    release = bindToMeter(registry, provider.getMeter(scopeName))
  }
  follow()
  setInterval(follow, lookEveryMs).unref()
  return registry
}
