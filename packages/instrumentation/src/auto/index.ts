import { createRequire } from 'node:module'
import { type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api'
import {
  InstrumentationBase,
  type InstrumentationConfig,
  type InstrumentationModuleDefinition,
} from '@opentelemetry/instrumentation'
import { instrument } from '../instrument.ts'
import { errorKind } from '../metrics/error-type.ts'
import { validateLabel } from '../metrics/labels.ts'
import type { Semconv } from '../metrics/semconv.ts'
import { scopeName, sharedRegistry } from '../otel/shared-registry.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { ModuleDefinition } from './module-definition.ts'
import { type StoreModule, type StoreModuleName, storeModules } from './store-modules.ts'

export { hookImports } from './import-hooks.ts'
export type { StoreModuleName } from './store-modules.ts'

export interface WombatInstrumentationConfig extends InstrumentationConfig {
  /**
   * Names a store that was found: the label `store` on all its metrics. A name you choose, never a path: a store's location
   * is a path. Where it says `undefined`, what cannot be a label, or throws, and where there is none, the store is called
   * after what it is: `leveldb`, `memory`, `lmdb`, `keyv`, `rocksdb`. Stores under one name are added up.
   */
  readonly name?: (store: object, moduleName: StoreModuleName) => string | undefined
  /** Under which names operations are exported (default `wombat`). */
  readonly semconv?: Semconv
  /**
   * A registry that you show yourself: excludes `semconv`, and no MeterProvider is given anything. Stores that are found
   * before a promise of one is settled are measured from then on, and none if it is rejected.
   */
  readonly registry?: MetricsRegistry | PromiseLike<MetricsRegistry>
  /** Whether each operation becomes a span as well, of the tracer that this instrumentation was given (default false). */
  readonly spans?: boolean
}

const { version }: { version: string } = createRequire(import.meta.url)('../../package.json')

/**
 * Measures every store that the application makes of abstract-level (`level`, `classic-level`, `memory-level`, …), keyv, lmdb
 * and rocksdb-native, in any copy of them, without a line in the application. For `registerInstrumentations`, NodeSDK or by
 * itself. What the application measures by hand right after making it stays as it is.
 *
 * Modules that were loaded before are not seen, and of those that are loaded by `import` only what `hookImports` or another
 * loader hook shows. Once disabled it finds no more stores and nothing of it is left on any module; stores that it found stay
 * measured, until `uninstrument`. A store keeps the MeterProvider that it was found with.
 *
 * @throws TypeError when an option cannot be used.
 */
export class WombatInstrumentation extends InstrumentationBase<WombatInstrumentationConfig> {
  #meterProvider: MeterProvider | undefined
  /** The registry that was promised, once it is there. */
  #promised: MetricsRegistry | undefined
  readonly #refused = new Set<StoreModuleName>()
  /** Whose operations become spans. */
  readonly #spanned = new Set<MetricsRegistry>()

  constructor(config: WombatInstrumentationConfig = {}) {
    super(scopeName, version, validateConfig(config))
    if (!isPromised(config.registry)) return
    config.registry.then(
      (settled) => {
        this.#promised = settled
      },
      () => this.disable(),
    )
  }

  /** Called by the base's constructor, before there is any field of ours. */
  protected override init(): InstrumentationModuleDefinition[] {
    return storeModules.map((module) => new ModuleDefinition(module, (store) => this.#found(store, module)))
  }

  override setMeterProvider(meterProvider: MeterProvider): void {
    super.setMeterProvider(meterProvider)
    // Without one of its own registerInstrumentations hands in the global one, in whose place another may be registered yet.
    this.#meterProvider = meterProvider === metrics.getMeterProvider() ? undefined : meterProvider
  }

  override setTracerProvider(tracerProvider: TracerProvider): void {
    super.setTracerProvider(tracerProvider)
    for (const { observer } of this.#spanned) observer.tracer = this.tracer
  }

  /** A store that is found before its registry is there is found again then. */
  #found(store: object, module: StoreModule): PromiseLike<MetricsRegistry> | undefined {
    if (!this.isEnabled()) return undefined
    const { registry } = this.getConfig()
    if (isPromised(registry) && this.#promised === undefined) return registry
    this.#measure(store, module, isPromised(registry) ? this.#promised : registry)
    return undefined
  }

  /** Never throws: the application is in the middle of using its store. */
  #measure(store: object, module: StoreModule, registry: MetricsRegistry | undefined): void {
    const { semconv, spans } = this.getConfig()
    try {
      const own = registry ?? sharedRegistry(this.#meterProvider, semconv)
      instrument(store, { name: this.#nameOf(store, module), registry: own })
      if (spans !== true) return
      this.#spanned.add(own)
      own.observer.tracer = this.tracer
    } catch (error) {
      if (this.#refused.has(module.name)) return
      this.#refused.add(module.name)
      this._diag.warn(`a store of ${module.name} is not measured, and others like it may not be either`, error)
    }
  }

  #nameOf(store: object, module: StoreModule): string {
    const fallback = module.defaultName(store)
    try {
      const name = this.getConfig().name?.(store, module.name)
      const fault = name === undefined ? undefined : validateLabel('store', name)
      if (fault === undefined) return name ?? fallback
      this._diag.warn(`a store is called ${fallback}: ${fault}`)
    } catch (error) {
      this._diag.warn(`a store is called ${fallback}: the function that names stores failed`, errorKind(error))
    }
    return fallback
  }
}

function validateConfig(config: WombatInstrumentationConfig): WombatInstrumentationConfig {
  const { name, semconv, registry } = config
  if (registry !== undefined && semconv !== undefined) throw new TypeError('registry excludes semconv: the registry has its own')
  if (name !== undefined && typeof name !== 'function') throw new TypeError(`name must be a function, got ${typeof name}`)
  // Where it is wrong this says so: the first store would be too late.
  if (semconv !== undefined) new MetricsRegistry({ semconv })
  return config
}

function isPromised(registry: WombatInstrumentationConfig['registry']): registry is PromiseLike<MetricsRegistry> {
  return registry !== undefined && 'then' in registry
}
