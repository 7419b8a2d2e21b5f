import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const importPattern = /(?:from|import|import\()\s*'(\.[^']+)'/g

interface RelativeImport {
  readonly file: string
  readonly imported: string
}

/** Returns the relative imports of the TypeScript files below a folder, with both paths from the root of the workspace. */
function relativeImports(folder: string): RelativeImport[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => join(folder, name))
  return files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(importPattern)].map(([, path = '']) => ({
      file,
      imported: relative(root, join(root, dirname(file), path)),
    })),
  )
}

test('a package imports no file outside itself by a path: shared test helpers come from @wombat/test-support', () => {
  const imports = relativeImports('packages')
  expect(imports.length).toBeGreaterThan(500)
  const packageOf = (path: string): string => path.split('/').slice(0, 2).join('/')
  expect(imports.filter(({ file, imported }) => packageOf(file) !== packageOf(imported))).toEqual([])
})

test('tests import packages by their public names only', () => {
  const imports = relativeImports('test')
  expect(imports.length).toBeGreaterThan(100)
  // The script that writes generated files reads parts that are built and not published.
  const others = imports.filter(({ file }) => !file.startsWith('test/scripts/'))
  expect(others.filter(({ imported }) => imported.startsWith('packages/'))).toEqual([])
})
