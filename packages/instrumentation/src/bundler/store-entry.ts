import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { storeModules } from '../auto/store-modules.ts'

/** A file that a store module exports as its main entry. */
export interface StoreEntry {
  readonly name: string
  readonly version: string
  readonly format: 'module' | 'commonjs' | undefined
  /** The exported functions that create the stores; none if the stores belong to a class. */
  readonly factories: readonly string[]
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly type?: string
  readonly main?: string
  readonly module?: string
  readonly exports?: unknown
}

/** A package that is bundled. */
interface StorePackage {
  readonly entry: StoreEntry
  /** The real paths of its main entries: one for each condition. */
  readonly files: ReadonlySet<string>
}

/** Finds the entries of store modules by their path, whatever name the application imports them by. */
export class StoreEntries {
  readonly #packages = new Map<string, StorePackage | undefined>()
  readonly #types = new Map<string, string | undefined>()

  /** Returns the entry that this file is; undefined if it is none, or does not exist. */
  find(file: string): StoreEntry | undefined {
    // Other plugins may invent files.
    if (!existsSync(file)) return undefined
    const path = realpathSync(file)
    const found = this.#packageOf(dirname(path))
    if (found === undefined || !found.files.has(path)) return undefined
    return { ...found.entry, format: this.#formatOf(path) }
  }

  /** Returns the store module that the folder belongs to. A `package.json` without a name only says what its folder contains. */
  #packageOf(folder: string): StorePackage | undefined {
    if (this.#packages.has(folder)) return this.#packages.get(folder)
    const manifest = readManifest(folder)
    const parent = dirname(folder)
    let found: StorePackage | undefined
    if (manifest?.name !== undefined) found = describePackage(folder, manifest)
    else if (parent !== folder) found = this.#packageOf(parent)
    this.#packages.set(folder, found)
    return found
  }

  #formatOf(file: string): StoreEntry['format'] {
    if (file.endsWith('.mjs')) return 'module'
    if (file.endsWith('.cjs')) return 'commonjs'
    return this.#typeOf(dirname(file)) === 'module' ? 'module' : undefined
  }

  #typeOf(folder: string): string | undefined {
    if (!this.#types.has(folder)) {
      const manifest = readManifest(folder)
      const parent = dirname(folder)
      this.#types.set(folder, manifest !== undefined || parent === folder ? manifest?.type : this.#typeOf(parent))
    }
    return this.#types.get(folder)
  }
}

function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

function describePackage(folder: string, manifest: Manifest): StorePackage | undefined {
  const module = storeModules.find(({ name }) => name === manifest.name)
  if (module === undefined) return undefined
  const { name, factory } = module
  const paths = [...listTargets(mainExport(manifest.exports)), manifest.main, manifest.module, 'index.js']
  const files = paths.flatMap((path) => {
    const candidates = path === undefined ? [] : [path, `${path}.js`, join(path, 'index.js')].map((at) => join(folder, at))
    const file = candidates.find((candidate) => /\.[cm]?js$/.test(candidate) && existsSync(candidate))
    return file === undefined ? [] : [realpathSync(file)]
  })
  return {
    entry: { name, version: manifest.version ?? '0', format: undefined, factories: factory === undefined ? [] : [factory] },
    files: new Set(files),
  }
}

/** Returns what `exports` of a manifest has for the package itself. */
function mainExport(exports: unknown): unknown {
  const hasSubpaths = typeof exports === 'object' && exports !== null && '.' in exports
  return hasSubpaths ? exports['.'] : exports
}

/** Returns the files of all conditions. */
function listTargets(target: unknown): string[] {
  if (typeof target === 'string') return [target]
  return typeof target === 'object' && target !== null ? Object.values(target).flatMap(listTargets) : []
}
