import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'

const packages = join(import.meta.dirname, '../../../packages')

/** Adds a package to a folder as npm nests it for a dependency: with a copy of the instrumentation of its own. */
function addDependency(folder: string, name: string, files: Readonly<Record<string, string>>): void {
  const at = join(folder, 'node_modules', name)
  mkdirSync(join(at, 'node_modules/@wombat/instrumentation'), { recursive: true })
  for (const part of ['dist', 'package.json'])
    cpSync(join(packages, 'instrumentation', part), join(at, 'node_modules/@wombat/instrumentation', part), { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(at, file), text)
}

/** Adds what every application here needs: the monitor of the workspace, with its copy of the instrumentation, and the API. */
function addMonitor(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@wombat'))
  symlinkSync(join(packages, 'monitor'), join(folder, 'node_modules/@wombat/monitor'))
  mkdirSync(join(folder, 'node_modules/@opentelemetry'))
  symlinkSync(
    realpathSync(join(packages, 'instrumentation/node_modules/@opentelemetry/api')),
    join(folder, 'node_modules/@opentelemetry/api'),
  )
}

function run(folder: string, file: string) {
  return spawnSync(process.execPath, [file], { cwd: folder, env: cleanEnvironment(), encoding: 'utf8' })
}

test('stores that other copies of the package instrument, by import and by require, are monitored, before and after the start', async () => {
  const folder = realpathSync(await temporaryFolder())
  addDependency(folder, 'esm-library', {
    'package.json': JSON.stringify({ name: 'esm-library', type: 'module', exports: './index.js' }),
    'index.js':
      "import { instrument } from '@wombat/instrumentation'\nexport const make = (name) => instrument(new Map(), { name })\n",
  })
  addDependency(folder, 'cjs-library', {
    'package.json': JSON.stringify({ name: 'cjs-library', main: './index.js' }),
    'index.js':
      "const { instrument } = require('@wombat/instrumentation')\nexports.make = (name) => instrument(new Map(), { name })\n",
  })
  addMonitor(folder)
  writeFileSync(
    join(folder, 'application.mjs'),
    `import { startMonitoring } from '@wombat/monitor'
import { make as esm } from 'esm-library'
import { make as cjs } from 'cjs-library'
const stores = [esm('esm before'), cjs('cjs before')]
const monitoring = await startMonitoring({ jsonApiEnabled: false, logLevel: 'warn' })
stores.push(esm('esm after'), cjs('cjs after'), monitoring.instrument(new Map(), { name: 'own' }))
for (const store of stores) store.set('a', 1)
const text = await (await monitoring.fetch(new Request('http://localhost/metrics'))).text()
console.log(text.split('\\n').filter((line) => /^db_set_(operations_total|latency_seconds_count)/.test(line)).sort().join('\\n'))
await monitoring.close()
`,
  )
  const { stdout, stderr } = run(folder, 'application.mjs')
  const names = ['cjs after', 'cjs before', 'esm after', 'esm before', 'own']
  const lines = ['db_set_latency_seconds_count', 'db_set_operations_total'].flatMap((metric) =>
    names.map((name) => `${metric}{store="${name}"} 1\n`),
  )
  expect({ stdout, stderr }).toEqual({ stdout: lines.join(''), stderr: '' })
})

test('a store that several copies of the package instrument is measured once, and any copy stops measuring it', async () => {
  const folder = realpathSync(await temporaryFolder())
  const library = "export { instrument, uninstrument } from '@wombat/instrumentation'\n"
  for (const name of ['first', 'second']) {
    addDependency(folder, name, {
      'package.json': JSON.stringify({ name, type: 'module', exports: './index.js' }),
      'index.js': library,
    })
  }
  addMonitor(folder)
  writeFileSync(
    join(folder, 'application.mjs'),
    `import { startMonitoring } from '@wombat/monitor'
import * as first from 'first'
import * as second from 'second'
const monitoring = await startMonitoring({ jsonApiEnabled: false, logLevel: 'warn' })
const store = new Map()
for (const copy of [first, second, monitoring]) copy.instrument(store, { name: 'shared' })
const other = second.instrument(new Map(), { name: 'passed', registry: monitoring.registry })
store.set('a', 1)
other.set('a', 1)
console.log(first.instrument === second.instrument, second.uninstrument(store), Object.hasOwn(store, 'set'))
store.set('a', 1)
const text = await (await monitoring.fetch(new Request('http://localhost/metrics'))).text()
console.log(text.split('\\n').filter((line) => /^db_set_operations_total/.test(line)).sort().join('\\n'))
await monitoring.close()
`,
  )
  const { stdout, stderr } = run(folder, 'application.mjs')
  const series = ['passed', 'shared'].map((name) => `db_set_operations_total{store="${name}"} 1\n`)
  expect({ stdout, stderr }).toEqual({ stdout: `false true false\n${series.join('')}`, stderr: '' })
})
