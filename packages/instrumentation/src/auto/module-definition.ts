import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation'
import type { StoreCallback } from './on-first-call.ts'
import type { StoreModule } from './store-modules.ts'

/** Receives what cannot be measured. The functions must not throw. */
export interface ModuleReports {
  /** A version that is not supported was loaded; once for each version. */
  unsupported(message: string): void
  failed(message: string, error: unknown): void
}

/**
 * Defines a store module for InstrumentationBase. The base class patches and unpatches only the exports of the copy
 * that was loaded last. An application may load several copies; a package with builds for `require` and for `import`
 * counts as two. So this definition keeps the exports of all copies.
 */
export class ModuleDefinition implements InstrumentationModuleDefinition {
  readonly name: string
  /** All of them: a version that cannot be measured must be reported, and the base class only skips it. */
  readonly supportedVersions = ['*']
  readonly includePrerelease = true
  readonly files = []
  /** The version of the copy that was loaded last: set by the base class before its exports, and never for a module of Node. */
  declare moduleVersion?: string
  readonly #module: StoreModule
  readonly #onStore: StoreCallback
  readonly #reports: ModuleReports
  readonly #targets = new Set<object>()
  readonly #undoByTarget = new Map<object, () => void>()
  /** The versions that were reported as unsupported. */
  readonly #reported = new Set<string>()
  #latestExports: unknown

  constructor(module: StoreModule, onStore: StoreCallback, reports: ModuleReports) {
    this.name = module.name
    this.#module = module
    this.#onStore = onStore
    this.#reports = reports
  }

  /** The exports of the copy that was loaded last. */
  get moduleExports(): unknown {
    return this.#latestExports
  }

  /** Set by the base class for each loaded copy, also while the instrumentation is disabled. */
  set moduleExports(exports: unknown) {
    this.#latestExports = exports
    if (!this.#isSupported()) return
    this.#safely(() => {
      for (const target of this.#module.findTargets(exports)) this.#targets.add(target)
    })
  }

  /** Patches all copies that were loaded so far. Called by the base class for each loaded copy, and on `enable()`. */
  patch(exports: unknown): unknown {
    this.#safely(() => {
      for (const target of this.#targets) {
        if (!this.#undoByTarget.has(target)) this.#undoByTarget.set(target, this.#module.patch(target, this.#onStore))
      }
    })
    return exports
  }

  /** Restores all copies. Called by the base class on `disable()`. */
  unpatch(): void {
    for (const undo of this.#undoByTarget.values()) undo()
    this.#undoByTarget.clear()
  }

  /** Returns whether stores of this version can be measured; warns once for each version if not. */
  #isSupported(): boolean {
    const { name, majors } = this.#module
    const version = this.moduleVersion
    if (version === undefined || majors === undefined || majors.includes(Number.parseInt(version, 10))) return true
    if (!this.#reported.has(version)) {
      this.#reported.add(version)
      this.#reports.unsupported(
        `stores of ${name} ${version} are not measured: that needs version ${joinWithOr(majors)} of ${name}`,
      )
    }
    return false
  }

  /** Logs errors: an error here must not fail the load of the module in the application. */
  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#reports.failed(`cannot patch a copy of ${this.name}; its stores are not measured`, error)
    }
  }
}

function joinWithOr(majors: readonly number[]): string {
  const last = majors.at(-1)
  return majors.length === 1 ? `${last}` : `${majors.slice(0, -1).join(', ')} or ${last}`
}
