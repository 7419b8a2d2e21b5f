import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseRules } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { codeBlocks, markdownFiles, root } from './markdown.ts'

/** The README and everything under packages; the code of the examples is run by their own tests. */
const files = markdownFiles().filter(({ path }) => path === 'README.md' || path.startsWith('packages/'))
const rocksdb = join(import.meta.dirname, '../rocksdb')

const ofDocuments = files.flatMap(({ path, text }) => codeBlocks(text, 'js').map((code) => ({ from: path, code })))
const ofDocstrings = globSync('packages/*/src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .sort()
  .flatMap((path) => examples(readFileSync(join(root, path), 'utf8')).map((code) => ({ from: path, code })))

/** Returns the code of every `@example` in the docstrings of a source file. */
function examples(source: string): string[] {
  return [...source.matchAll(/^ *\/\*\*.*?\*\//gms)].flatMap(([comment]) => {
    const text = comment.replaceAll(/^ *\*( |(?=\n))/gm, '')
    const parts = text.split(/^@example\b/m).slice(1)
    return parts.flatMap((part) => [...codeBlocks(part, 'ts'), ...codeBlocks(part, 'js')])
  })
}

test('there are snippets to run, in every package and in docstrings', () => {
  for (const start of ['README.md', 'packages/instrumentation/', 'packages/monitor/', 'packages/dashboards/']) {
    expect(ofDocuments.filter(({ from }) => from.startsWith(start)).length, start).toBeGreaterThan(0)
  }
  expect(ofDocstrings.length).toBeGreaterThan(0)
})

test.concurrent.for([...ofDocuments, ...ofDocstrings].map(({ from, code }) => [from, code.split('\n')[0], code] as const))(
  'a snippet of %s runs: %s',
  async ([_from, _title, code], { expect, skip }) => {
    const needsRocksdb = code.includes("from 'rocksdb-native'")
    if (needsRocksdb)
      skip(!existsSync(join(rocksdb, 'node_modules/rocksdb-native')), 'bash test/rocksdb/install.sh installs RocksDB')
    // Inside the workspace, so that the snippet finds the packages. What it writes is removed with the folder.
    const folder = await mkdtemp(join(needsRocksdb ? rocksdb : import.meta.dirname, 'run-'))
    try {
      const file = join(folder, 'snippet.mjs')
      await writeFile(file, stripTypeScriptTypes(code).replace('prometheusPort: 9464', 'prometheusPort: 0'))
      const { stderr } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
        cwd: folder,
        env: { ...process.env, WOMBAT_JSON_API_PORT: '0', WOMBAT_CLOSE_TIMEOUT_MS: '1000' },
      })
      expect(stderr).toBe('')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test.each(files.flatMap(({ path, text }) => codeBlocks(text, 'json').map((code) => [path, code] as const)))(
  'a JSON example of %s is valid',
  (_path, code) => {
    expect(JSON.parse(code)).toBeTypeOf('object')
  },
)

test.each(files.flatMap(({ path, text }) => codeBlocks(text, 'yaml').map((code) => [path, code] as const)))(
  'a YAML example of %s is a file of alert rules',
  (path, code) => {
    expect(parseRules(code, path).length).toBeGreaterThan(0)
  },
)
