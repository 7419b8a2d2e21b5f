import { diag } from '@opentelemetry/api'
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation'
import type { StoreCallback } from './on-first-call.ts'
import type { StoreModule } from './store-modules.ts'

/**
 * A module as InstrumentationBase wants it defined. The base remembers what the copy of a module exported that was loaded
 * last, and enables and disables that one; an application may have several copies, and a package that is made for `require`
 * and for `import` is two of them. So this definition remembers all.
 */
export class ModuleDefinition implements InstrumentationModuleDefinition {
  readonly name: string
  readonly supportedVersions: string[]
  readonly files = []
  readonly #module: StoreModule
  readonly #tell: StoreCallback
  readonly #targets = new Set<object>()
  readonly #unwatch = new Map<object, () => void>()
  #latest: unknown

  constructor(module: StoreModule, tell: StoreCallback) {
    this.name = module.name
    this.supportedVersions = [...module.supportedVersions]
    this.#module = module
    this.#tell = tell
  }

  get moduleExports(): unknown {
    return this.#latest
  }

  /** Set by the base for each copy that is loaded, also while it is disabled. */
  set moduleExports(exports: unknown) {
    this.#latest = exports
    this.#safely(() => {
      for (const target of this.#module.findTargets(exports)) this.#targets.add(target)
    })
  }

  patch(exports: unknown): unknown {
    this.#safely(() => {
      for (const target of this.#targets) {
        if (!this.#unwatch.has(target)) this.#unwatch.set(target, this.#module.patch(target, this.#tell))
      }
    })
    return exports
  }

  unpatch(): void {
    for (const unwatch of this.#unwatch.values()) unwatch()
    this.#unwatch.clear()
  }

  /** The application is loading the module: what fails here must not fail there. */
  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      diag.warn(`@wombat/instrumentation: stores of a copy of ${this.name} cannot be found`, error)
    }
  }
}
