/** A store module that a bundle has loaded. */
export interface BundledModule {
  readonly name: string
  readonly version: string
  readonly exports: unknown
}

interface BundledModules {
  readonly loaded: BundledModule[]
  readonly listeners: Array<(module: BundledModule) => void>
}

/**
 * Where a bundle reports its store modules. The code that reports them is a part of the bundle, and may run before the
 * instrumentation or after it. Increase the number in a release that cannot read what the plugins of earlier ones report.
 */
export const bundledModulesKey = '@wombat/instrumentation bundled modules 1'

/** Calls a function with each store module that bundles of this process have loaded, and with each that they load later. */
export function onBundledModule(listener: (module: BundledModule) => void): void {
  const key = Symbol.for(bundledModulesKey)
  const slot = globalThis as { [key]?: BundledModules }
  slot[key] ??= { loaded: [], listeners: [] }
  for (const module of slot[key].loaded) listener(module)
  slot[key].listeners.push(listener)
}
