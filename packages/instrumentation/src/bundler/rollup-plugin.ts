import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { originalSuffix, reportingCode } from './reporting-code.ts'
import { StoreEntries } from './store-entry.ts'

/** The part of a plugin for Rollup, Rolldown and Vite that is used here. */
export interface RollupPlugin {
  readonly name: string
  /** For Vite: before the plugins that load files. */
  readonly enforce: 'pre'
  /** Resolves the original of a module that `load` has replaced. */
  resolveId(source: string, importer?: string): string | undefined
  /** Returns the replaced code of a store module; undefined for other modules. */
  load(id: string): Promise<{ code: string; moduleSideEffects: boolean } | undefined>
}

/**
 * Creates a plugin for Rollup, Rolldown and Vite, with which `WombatInstrumentation` and the preload find the stores whose
 * modules are in the bundle. Modules that the bundle leaves outside are found without it. Put it before other plugins.
 *
 * @example
 * ```ts
 * import { rollupPlugin } from '@wombat/instrumentation/bundler'
 *
 * const options = { input: 'app.js', output: { dir: 'dist' }, plugins: [rollupPlugin()] }
 * ```
 */
export function rollupPlugin(): RollupPlugin {
  const entries = new StoreEntries()
  return {
    name: '@wombat/instrumentation',
    enforce: 'pre',
    resolveId(source, importer) {
      return source.endsWith(originalSuffix) && importer !== undefined ? join(dirname(importer), source) : undefined
    },
    async load(id) {
      if (id.endsWith(originalSuffix)) {
        return { code: await readFile(id.slice(0, -originalSuffix.length), 'utf8'), moduleSideEffects: true }
      }
      const entry = /\.[cm]?js$/.test(id) ? entries.find(id) : undefined
      if (entry === undefined) return undefined
      // The module may be marked as free of side effects; reporting it is one.
      return { code: reportingCode(id, await readFile(id, 'utf8'), entry), moduleSideEffects: true }
    },
  }
}
