import { createRequire, register, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { storeModules } from './store-modules.ts'

/** What we use of import-in-the-middle, whose types leave it out. */
interface ImportInTheMiddle {
  supportsSyncHooks(): boolean
  createHook(meta: { readonly url: string }): {
    applyOptions(options: { readonly include: string[] }): void
    resolveSync: NonNullable<Parameters<typeof registerHooks>[0]['resolve']>
    loadSync: NonNullable<Parameters<typeof registerHooks>[0]['load']>
  }
}

let hooked = false

/**
 * Lets instrumentations see the store modules that are loaded by `import`; without it they see what is loaded by `require`,
 * also by modules that are imported, as `level` is. Call it before the stores are imported, from a file that `--import` or
 * `--require` names. Other modules are not touched, and loader hooks of others go on working, whoever comes first.
 *
 * In the application's own thread where Node can, which is from 22.22.3, 24.11.1 and 25.1 on; else on a loader thread.
 */
export function hookImports(): void {
  if (hooked) return
  hooked = true
  // The very copy that InstrumentationBase listens to: another one would call nobody.
  const instrumentation = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/instrumentation'))
  const { createHook, supportsSyncHooks }: ImportInTheMiddle = instrumentation('import-in-the-middle/create-hook.mjs')
  const loader = pathToFileURL(instrumentation.resolve('import-in-the-middle/hook.mjs')).href
  const include = storeModules.map(({ name }) => name)
  // Hooks of our own: those that the package registers itself can be registered once, and an application may want to.
  if (supportsSyncHooks()) {
    const hook = createHook({ url: loader })
    hook.applyOptions({ include })
    registerHooks({ resolve: hook.resolveSync, load: hook.loadSync })
  } else {
    register(`${loader}?of=wombat`, { data: { include } })
  }
}
