import nodeModule, { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { storeModules } from './store-modules.ts'

/** The part of import-in-the-middle that is used here; its types do not declare it. */
interface ImportInTheMiddle {
  supportsSyncHooks(): boolean
  createHook(meta: { readonly url: string }): {
    applyOptions(options: { readonly include: string[] }): void
    resolveSync: NonNullable<Parameters<typeof nodeModule.registerHooks>[0]['resolve']>
    loadSync: NonNullable<Parameters<typeof nodeModule.registerHooks>[0]['load']>
  }
}

let hooked = false

/**
 * Makes the store modules that are loaded by `import` visible to instrumentations. Without it, only modules loaded by
 * `require` are visible, including those that an imported module such as `level` requires. Call it before the stores
 * are imported, in a file that is loaded with `--import` or `--require`. Later calls do nothing. It does not change
 * other modules, and works together with other loader hooks in any order.
 *
 * The hooks run in the application's thread on Node 22.22.3, 24.11.1, 25.1 and later; on older versions in a loader
 * thread.
 *
 * @example
 * ```ts
 * // telemetry.mjs, for `node --import ./telemetry.mjs app.js`
 * import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'
 *
 * hookImports()
 * new WombatInstrumentation()
 * ```
 */
export function hookImports(): void {
  if (hooked) return
  hooked = true
  // It must be the copy that InstrumentationBase uses: another copy has other listeners.
  const requireFromInstrumentation = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/instrumentation'))
  const { createHook, supportsSyncHooks }: ImportInTheMiddle = requireFromInstrumentation('import-in-the-middle/create-hook.mjs')
  const loader = pathToFileURL(requireFromInstrumentation.resolve('import-in-the-middle/hook.mjs')).href
  const include = storeModules.map(({ name }) => name)
  // Hooks of our own: the package's own hooks can be registered only once, and the application may want to register them.
  if (supportsSyncHooks()) {
    const hook = createHook({ url: loader })
    hook.applyOptions({ include })
    nodeModule.registerHooks({ resolve: hook.resolveSync, load: hook.loadSync })
  } else {
    nodeModule.register(`${loader}?of=wombat`, { data: { include } })
  }
}
