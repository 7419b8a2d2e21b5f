import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Starts a process or a thread of Node. */
const start = /process\.execPath|\bfork\(|new Worker\(/
/** Names a TypeScript file, other than in an import of the file itself: `from '…'` at the start of a statement, or `import('…')`. */
const typeScriptFile = /(?<!^\s*(?:import|export)\b.*)['"`/][\w-]+\.ts['"`]/m

function listSources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist', '.installed'].includes(entry.name) ? [] : listSources(path)
    return entry.isFile() && path.endsWith('.ts') ? [path] : []
  })
}

/** Files that start programs which are not written in TypeScript, and name such files for another reason. */
const others = [
  'test/conformance/old-node.test.ts',
  'test/conformance/renamed-metric.test.ts',
  'test/conformance/type-stripping.test.ts',
]

test('a process that runs TypeScript is started with the flags that Node before 22.18 needs', () => {
  const sources = ['packages', 'test', 'examples'].flatMap(listSources)
  const startsTypeScript = sources.filter((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return start.test(text) && typeScriptFile.test(text)
  })
  // They are there: the patterns still find what they look for.
  expect(startsTypeScript.length).toBeGreaterThan(5)
  const without = startsTypeScript.filter((file) => !readFileSync(join(root, file), 'utf8').includes('nodeFlags'))
  expect(without.filter((file) => !others.includes(file))).toEqual([])
})
