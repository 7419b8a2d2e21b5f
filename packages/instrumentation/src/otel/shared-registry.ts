import { metrics as api, type MeterProvider } from '@opentelemetry/api'
import type { Semconv } from '../metrics/semconv.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { bindToMeter } from './bind-to-meter.ts'

/** The instrumentation scope under which all our metrics travel. */
export const scopeName = '@wombat/instrumentation'

/** How often to look whether the application has registered a MeterProvider: the API tells nobody. */
const lookEveryMs = 1000

/** Stands for the global MeterProvider, whichever that is. */
const whicheverIsGlobal: object = {}
const registries = new WeakMap<object, MetricsRegistry>()
/** For each registry of the global MeterProvider: look now whether it is another one. */
const followers = new WeakMap<MetricsRegistry, () => void>()

/**
 * The registry that all stores of one MeterProvider share; without one, that of the global MeterProvider. Whoever asks first
 * decides under which names operations are exported.
 *
 * @throws TypeError when other names are wanted than were decided on.
 */
export function sharedRegistry(meterProvider?: MeterProvider, semconv?: Semconv): MetricsRegistry {
  const owner = meterProvider ?? whicheverIsGlobal
  const known = registries.get(owner)
  if (known !== undefined) {
    if (semconv !== undefined && semconv !== known.semconv) {
      throw new TypeError(
        `semconv is ${JSON.stringify(known.semconv)} for this MeterProvider already, got ${JSON.stringify(semconv)}: say it where its first store is instrumented`,
      )
    }
    followers.get(known)?.()
    return known
  }
  const registry = new MetricsRegistry(semconv === undefined ? {} : { semconv })
  registries.set(owner, registry)
  if (meterProvider === undefined) followGlobal(registry)
  else bindToMeter(registry, meterProvider.getMeter(scopeName))
  return registry
}

/**
 * Shows a registry on the global MeterProvider. Until one is registered the API hands out a no-op whose instruments stay
 * no-ops for ever (opentelemetry-js#3622), so we look for it again, and bind anew when it is another one.
 */
function followGlobal(registry: MetricsRegistry): void {
  let bound: MeterProvider | undefined
  let release = (): void => {}
  const follow = (): void => {
    const provider = api.getMeterProvider()
    if (provider === bound) return
    release()
    bound = provider
    release = bindToMeter(registry, provider.getMeter(scopeName))
  }
  follow()
  followers.set(registry, follow)
  setInterval(follow, lookEveryMs).unref()
}
