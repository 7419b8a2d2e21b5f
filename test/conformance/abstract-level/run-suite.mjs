// Runs the test suite of abstract-level on one kind of store and prints TAP: node run-suite.mjs KIND plain|instrumented
// It uses the built package in a process of its own, as an application does.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { readMeasured } from '@wombat/instrumentation/testing'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import test from 'tape'

const suite = createRequire(import.meta.url)('abstract-level/test')
const folders = mkdtempSync(join(tmpdir(), 'abstract-level-suite-'))
const registries = []

const kinds = {
  'memory-level': (options) => new MemoryLevel(options),
  'classic-level': (options) => new ClassicLevel(mkdtempSync(join(folders, 'db-')), options),
  sublevel: (options) => new MemoryLevel().sublevel('part', options),
}
const [kind, mode] = process.argv.slice(2)
const plain = kinds[kind]

/** Creates an instrumented database with a registry of its own that records all metric names. */
function instrumented(options) {
  const registry = new MetricsRegistry({ semconv: 'both' })
  registries.push(registry)
  return instrument(plain(options), { name: 'suite', registry })
}

suite({ test, factory: mode === 'instrumented' ? instrumented : plain })

test.onFinish(() => {
  const all = registries.flatMap((registry) => Object.values(readMeasured(registry, 'suite')))
  console.log(`# measured ${all.reduce((sum, { operations }) => sum + operations, 0)}`)
  rmSync(folders, { recursive: true, force: true })
})
