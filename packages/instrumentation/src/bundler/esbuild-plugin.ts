import { readFile } from 'node:fs/promises'
import { reportingCode } from './reporting-code.ts'
import { StoreEntries } from './store-entry.ts'

/** The part of esbuild's plugin that is used here. */
export interface EsbuildPlugin {
  readonly name: string
  /** Called by esbuild when a build starts. */
  setup(build: {
    onLoad(
      options: { filter: RegExp; namespace: string },
      load: (args: { path: string; suffix: string }) => Promise<{ contents: string; loader: 'js' } | undefined>,
    ): void
  }): void
}

/**
 * Creates a plugin for esbuild, with which `WombatInstrumentation` and the preload find the stores whose modules are in
 * the bundle. Modules that the bundle leaves outside are found without it.
 *
 * @example
 * ```ts
 * import { esbuildPlugin } from '@wombat/instrumentation/bundler'
 *
 * const options = { entryPoints: ['app.js'], bundle: true, platform: 'node', outfile: 'dist/app.js', plugins: [esbuildPlugin()] }
 * ```
 */
export function esbuildPlugin(): EsbuildPlugin {
  return {
    name: '@wombat/instrumentation',
    setup(build) {
      const entries = new StoreEntries()
      build.onLoad({ filter: /\.[cm]?js$/, namespace: 'file' }, async ({ path, suffix }) => {
        const entry = suffix === '' ? entries.find(path) : undefined
        if (entry === undefined) return undefined
        return { contents: reportingCode(path, await readFile(path, 'utf8'), entry), loader: 'js' }
      })
    },
  }
}
