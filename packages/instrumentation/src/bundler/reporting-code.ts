import { basename } from 'node:path'
import { bundledModulesKey } from '../auto/bundled-modules.ts'
import type { StoreEntry } from './store-entry.ts'

/** The suffix of the path by which the code that replaces an entry imports it. */
export const originalSuffix = '?wombat-original'

/** Returns code that replaces the code of an entry: it exports the same, and reports the exports to `WombatInstrumentation`. */
export function reportingCode(file: string, code: string, entry: StoreEntry): string {
  const isModule = entry.format === undefined ? looksLikeModule(code) : entry.format === 'module'
  return isModule ? moduleCode(file, code, entry) : `${code}\n;${report(entry, 'module.exports')}`
}

/**
 * Exports of a module cannot be replaced, so the functions that create stores are exported by one that calls the replaced one. A
 * class is exported as it is: its prototype can be changed.
 */
function moduleCode(file: string, code: string, entry: StoreEntry): string {
  const from = JSON.stringify(`./${basename(file)}${originalSuffix}`)
  return [
    `import * as original from ${from}`,
    `export * from ${from}`,
    ...(hasDefaultExport(code) ? [`export { default } from ${from}`] : []),
    'const wombatExports = { ...original };',
    report(entry, 'wombatExports'),
    ...entry.factories.map((name) => `export function ${name}(...args) { return wombatExports.${name}(...args) }`),
  ].join('\n')
}

function report({ name, version }: StoreEntry, exports: string): string {
  const module = `{ name: ${JSON.stringify(name)}, version: ${JSON.stringify(version)}, exports: ${exports} }`
  const slot = `globalThis[Symbol.for(${JSON.stringify(bundledModulesKey)})] ??= { loaded: [], listeners: [] }`
  return `((module) => { const slot = (${slot}); slot.loaded.push(module); for (const listener of slot.listeners) listener(module) })(${module});`
}

/** Whether a file whose name and package do not say so is an ES module. */
function looksLikeModule(code: string): boolean {
  const plain = withoutComments(code)
  return !/\bmodule\.exports\b|\bexports\.\w+\s*=/.test(plain) && /(?:^|[;}\n])\s*(?:export|import)\b\s*[\w{*"']/.test(plain)
}

function hasDefaultExport(code: string): boolean {
  return /\bexport\s+default\b|\bas\s+default\b|\bexport\s*\{\s*default\b/.test(withoutComments(code))
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
