import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const importPattern = /(?:from|import|import\()\s*'(\.[^']+)'/g

interface RelativeImport {
  readonly file: string
  readonly imported: string
}

/** Returns the TypeScript files below a folder, without dependencies and build output. */
function listSources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist', '.installed'].includes(entry.name) ? [] : listSources(path)
    return entry.isFile() && path.endsWith('.ts') ? [path] : []
  })
}

/** Returns the relative imports of all sources below a folder, with both paths from the root of the workspace. */
function relativeImports(folder: string): RelativeImport[] {
  return listSources(folder).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(importPattern)].map(([, path = '']) => ({
      file,
      imported: relative(root, join(root, dirname(file), path)),
    })),
  )
}

test('a package imports no file outside itself by a path: shared test helpers come from @wombat/test-support', () => {
  const imports = relativeImports('packages')
  expect(imports.length).toBeGreaterThan(500)
  const packageFolder = (path: string): string => path.split('/').slice(0, 2).join('/')
  expect(imports.filter(({ file, imported }) => packageFolder(file) !== packageFolder(imported))).toEqual([])
})

test('tests import packages by their public names only', () => {
  const imports = relativeImports('test')
  expect(imports.length).toBeGreaterThan(100)
  // The script that writes generated files, and the benchmark of the page for Prometheus, read parts that are built and not published.
  const readsParts = (file: string): boolean => file.startsWith('test/scripts/') || file === 'test/bench/collect/ours.ts'
  const others = imports.filter(({ file }) => !readsParts(file))
  expect(others.filter(({ imported }) => imported.startsWith('packages/'))).toEqual([])
})
