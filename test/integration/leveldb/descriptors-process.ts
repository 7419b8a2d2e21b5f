// Instruments an open LevelDB while the process has no file descriptor left, and prints what its log adds after there are some again.
// Run with a small limit: bash -c 'ulimit -n 256; exec node descriptors-process.ts'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { ClassicLevel } from 'classic-level'

const folder = mkdtempSync(join(tmpdir(), 'descriptors-'))
const db = new ClassicLevel<string, string>(folder, { writeBufferSize: 262_144 })
await db.open()

async function write(prefix: string): Promise<void> {
  for (let start = 0; start < 500; start += 50) {
    const batch = db.batch()
    for (let index = start; index < start + 50; index++) batch.put(`${prefix}${index}`, `${index}`.repeat(500))
    await batch.write()
  }
}

await write('before ')
await sleep(300)
const held: number[] = []
try {
  for (;;) held.push(openSync('/dev/null', 'r'))
} catch (error) {
  if ((error as { code?: string }).code !== 'EMFILE') throw error
}
const registry = new MetricsRegistry()
const warnings: string[] = []
registry.warn = (message) => warnings.push(message)
instrument(db, { registry, name: 'orders' })
for (let tries = 0; tries < 500 && warnings.length === 0; tries++) await sleep(10)
for (const descriptor of held) closeSync(descriptor)
await registry.collectors.collectNow()
const value = (name: string): unknown => registry.getAllMetrics().find((metric) => metric.name === name)?.value
const flushes = [value('db_flush_operations_total')]
await write('after ')
await sleep(300)
await registry.collectors.collectNow()
flushes.push(value('db_flush_operations_total'))
process.stdout.write(
  JSON.stringify({ held: held.length, flushes, failures: value('wombat_monitor_source_failures_total'), warnings }),
)
await db.close()
rmSync(folder, { recursive: true })
