// Plays one scenario with a LevelDB in a process of its own, and prints what the slow log has to say: node scenario-process.ts <scenario> [ms]
import { execFileSync, spawn } from 'node:child_process'
import { pbkdf2 } from 'node:crypto'
import { constants, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { ClassicLevel } from 'classic-level'
import { SlowLog } from '../../src/operations/slow-log.ts'
import { ProcessMonitor } from '../../src/process/process-monitor.ts'

const [scenario = '', duration = '800'] = process.argv.slice(2)
const durationMs = Number(duration)
const folder = mkdtempSync(join(tmpdir(), 'slow-'))
const registry = new MetricsRegistry()
const watch = new ProcessMonitor(registry)
watch.start()
const logger = collectingLogger()
const slow = new SlowLog({ registry, process: watch, logger, thresholdMs: 100 })
const db = instrument(new ClassicLevel(folder, { writeBufferSize: 64 * 1024 }), { registry, name: 'orders' })
await db.open()
await db.put('key', 'value')
// Let the watch see how it is when nothing happens.
await sleep(100)

function block(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

/**
 * LevelDB's next logs are pipes that nobody reads: to open one, it waits as it does for a disk that hangs, with its mutex held,
 * until somebody does.
 */
function hangDisk(): { readonly pipes: readonly string[]; letGo(): void } {
  const last = Math.max(...readdirSync(folder).map((name) => Number(/^\d+/.exec(name)?.[0] ?? 0)))
  const pipes = [1, 2, 3, 4].map((next) => join(folder, `${String(last + next).padStart(6, '0')}.log`))
  execFileSync('mkfifo', pipes)
  const letGo = (): void => {
    for (const pipe of pipes) openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  }
  return { pipes, letGo }
}

/** More than the write buffer holds, so that what is written next needs a new log. */
const fill = (): Promise<void> => db.put('large', 'x'.repeat(100_000))

const hash = promisify(pbkdf2)

/** As much hashing for each thread of the pool as takes about that long. */
async function occupyPool(ms: number): Promise<{ finished: Promise<unknown> }> {
  const startMs = performance.now()
  await Promise.all([1, 2, 3, 4].map(() => hash('a', 'b', 200_000, 32, 'sha512')))
  const iterations = Math.ceil((200_000 * ms) / (performance.now() - startMs))
  return { finished: Promise.all([1, 2, 3, 4].map(() => hash('a', 'b', iterations, 32, 'sha512'))) }
}

const scenarios: Record<string, () => Promise<unknown>> = {
  async 'event loop'() {
    const read = db.get('key')
    block(durationMs)
    await read
  },
  // The loop turned before and after, and came back empty-handed: it delayed nothing.
  async 'event loop in the midst of a stall'() {
    await fill()
    const { letGo } = hangDisk()
    const write = db.put('key', 'value')
    await sleep(durationMs / 4)
    block(durationMs / 2)
    await sleep(durationMs / 4)
    letGo()
    await write
  },
  async store() {
    await fill()
    const { letGo } = hangDisk()
    const write = db.put('key', 'value')
    await sleep(durationMs)
    letGo()
    await write
  },
  async 'store that fills the pool'() {
    await fill()
    const { letGo } = hangDisk()
    // Writes only: a read takes a snapshot in the main thread, which would wait for the mutex as well.
    const stuck = Array.from({ length: 8 }, () => db.put('key', 'value'))
    await sleep(durationMs)
    letGo()
    await Promise.all(stuck)
  },
  async 'thread pool'() {
    const { finished } = await occupyPool(durationMs)
    await Promise.all([db.get('key'), finished])
  },
  // A read in the main thread, which waits for the mutex that the write holds: somebody else has to let them go on.
  async 'store in the main thread'() {
    await fill()
    const ends = hangDisk().pipes.map((pipe, index) => `${index + 3}<>"${pipe}"`)
    const holding = `sleep ${durationMs / 1000}; exec ${ends.join(' ')}; exec sleep 20`
    const helper = spawn('sh', ['-c', holding], { stdio: 'ignore' })
    const write = db.put('key', 'value')
    await sleep(100)
    db.getSync('key')
    await write
    helper.kill()
  },
}

await scenarios[scenario]?.()
const { records } = slow
const lines = logger.lines.map(({ fields }) => fields)
const waits = { loop: watch.longestLoopBlockSeconds(0), pool: watch.longestPoolWaitSeconds(0) }
await db.close()
rmSync(folder, { recursive: true })
// Nothing of the monitor is closed: the process ends all the same.
process.stdout.write(JSON.stringify({ records, lines, waits }))
