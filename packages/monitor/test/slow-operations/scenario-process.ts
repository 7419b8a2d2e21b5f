// Runs one scenario with a LevelDB and prints the records of the slow log: node scenario-process.ts <scenario> [ms]
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
const monitor = new ProcessMonitor(registry)
monitor.start()
const logger = collectingLogger()
const slow = new SlowLog({ registry, process: monitor, logger, thresholdMs: 100 })
const db = instrument(new ClassicLevel(folder, { writeBufferSize: 64 * 1024 }), { registry, name: 'orders' })
await db.open()
await db.put('key', 'value')
// Wait until the monitor has measured the idle process.
for (const startMs = performance.now(); !monitor.hasIteratedSince(startMs + 50); ) await sleep(10)

function block(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

/**
 * Creates pipes without a reader in place of LevelDB's next logs. To open one, LevelDB waits with its mutex held, as it does for
 * a hanging disk, until `release` opens the pipes.
 */
function hangDisk(): { readonly pipes: readonly string[]; release(): void } {
  const last = Math.max(...readdirSync(folder).map((name) => Number(/^\d+/.exec(name)?.[0] ?? 0)))
  const pipes = [1, 2, 3, 4].map((next) => join(folder, `${String(last + next).padStart(6, '0')}.log`))
  execFileSync('mkfifo', pipes)
  const release = (): void => {
    for (const pipe of pipes) openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  }
  return { pipes, release }
}

/** Writes more than the write buffer holds, so that the next write needs a new log. */
const fill = (): Promise<void> => db.put('large', 'x'.repeat(100_000))

const hash = promisify(pbkdf2)

/** Keeps each thread of the pool busy with hashing for about `ms` milliseconds. */
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
  // The event loop iterates before and after the block and finds no result, so the block delays nothing.
  async 'event loop during a stall'() {
    await fill()
    const { release } = hangDisk()
    const write = db.put('key', 'value')
    await sleep(durationMs / 4)
    block(durationMs / 2)
    await sleep(durationMs / 4)
    release()
    await write
  },
  async store() {
    await fill()
    const { release } = hangDisk()
    const write = db.put('key', 'value')
    await sleep(durationMs)
    release()
    await write
  },
  async 'store that fills the pool'() {
    await fill()
    const { release } = hangDisk()
    // Only writes: a read takes a snapshot in the main thread, which would wait for the mutex too.
    const stuck = Array.from({ length: 8 }, () => db.put('key', 'value'))
    await sleep(durationMs)
    release()
    await Promise.all(stuck)
  },
  async 'thread pool'() {
    const { finished } = await occupyPool(durationMs)
    await Promise.all([db.get('key'), finished])
  },
  // A read in the main thread waits for the mutex that the write holds, so another process has to release them.
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
const waits = { loop: monitor.longestLoopBlockSeconds(0), pool: monitor.longestPoolWaitSeconds(0) }
await db.close()
rmSync(folder, { recursive: true })
// The monitor is not closed: it must not keep the process alive.
process.stdout.write(JSON.stringify({ records, lines, waits }))
