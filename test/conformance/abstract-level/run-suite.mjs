// Runs the test suite of abstract-level or abstract-leveldown on one kind of store and prints TAP:
// node run-suite.mjs KIND plain|instrumented|'instrumented by sublevel'
// It uses the built package in a process of its own, as an application does.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { readMeasured } from '@wombat/instrumentation/testing'
import test from 'tape'

const require = createRequire(import.meta.url)
const folders = mkdtempSync(join(tmpdir(), 'abstract-level-suite-'))
const folder = () => mkdtempSync(join(folders, 'db-'))
const registries = []

/** The suite of each kind, its options, and how a store is created. */
const kinds = {
  'memory-level': ['abstract-level', {}, (options) => new (require('memory-level').MemoryLevel)(options)],
  'classic-level': ['abstract-level', {}, (options) => new (require('classic-level').ClassicLevel)(folder(), options)],
  sublevel: ['abstract-level', {}, (options) => new (require('memory-level').MemoryLevel)().sublevel('part', options)],
  'memory-level 1': ['abstract-level1', {}, (options) => new (require('memory-level1').MemoryLevel)(options)],
  'classic-level 1': ['abstract-level1', {}, (options) => new (require('classic-level1').ClassicLevel)(folder(), options)],
  'level 8': ['abstract-level1', {}, (options) => new (require('level8').Level)(folder(), options)],
  'sublevel 1': ['abstract-level1', {}, (options) => new (require('memory-level1').MemoryLevel)().sublevel('part', options)],
  leveldown: ['abstract-leveldown', { clear: true, getMany: true }, () => require('leveldown')(folder())],
  memdown: ['abstract-leveldown', { clear: true, getMany: true, ...withoutOpenOptions() }, () => require('memdown')()],
  'encoding-down': [
    'abstract-leveldown',
    { clear: true, getMany: true, encodings: true, serialize: false, ...withoutOpenOptions() },
    () => require('encoding-down')(require('memdown')()),
  ],
  levelup: [
    'abstract-leveldown',
    { ...levelupOptions(), ...withoutOpenOptions() },
    () => require('levelup')(require('encoding-down')(require('memdown')())),
  ],
  'levelup on leveldown': [
    'abstract-leveldown',
    { ...levelupOptions(), ...withoutOpenOptions() },
    () => require('levelup')(require('encoding-down')(require('leveldown')(folder()))),
  ],
}

/** Without tests of options of `open`: a store in memory has none, and a LevelUP opens itself. */
function withoutOpenOptions() {
  return { createIfMissing: false, errorIfExists: false }
}

function levelupOptions() {
  return { clear: true, getMany: true, deferredOpen: true, promises: true, streams: true, encodings: true, serialize: false }
}

const [kind, mode] = process.argv.slice(2)
const [suite, suiteOptions, plain] = kinds[kind]

/** Creates an instrumented database with a registry of its own that records all metric names. */
function instrumented(options) {
  const registry = new MetricsRegistry({ semconv: 'both' })
  registries.push(registry)
  return instrument(plain(options), { name: 'suite', registry, bySublevel: mode === 'instrumented by sublevel' })
}

require(`${suite}/test`)({ test, factory: mode === 'plain' ? plain : instrumented, ...suiteOptions })

test.onFinish(() => {
  const all = registries.flatMap((registry) => Object.values(readMeasured(registry, 'suite')))
  console.log(`# measured ${all.reduce((sum, { operations }) => sum + operations, 0)}`)
  rmSync(folders, { recursive: true, force: true })
})
