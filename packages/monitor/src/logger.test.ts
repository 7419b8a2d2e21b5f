import { spawnSync } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { guardLogger, type Logger } from './logger.ts'

/** Returns the lines that a process with the built package writes to standard output while it monitors one put. */
function outputLines(config: string): string[] {
  const program = `
    import { startMonitoring } from '@wombat/monitor'
    import { MemoryLevel } from 'memory-level'
    const monitoring = await startMonitoring({ jsonApiEnabled: false, logMetricsEnabled: true, ...${config} })
    await monitoring.instrument(new MemoryLevel(), { name: 'orders' }).put('a', 1)
    await monitoring.close()
  `
  const cwd = join(import.meta.dirname, '..')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd,
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').slice(0, -1)
}

test('without a logger, each message is one JSON line on standard output', () => {
  const lines = outputLines('{}')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 30,
    time: expect.any(Number),
    name: 'wombat',
    msg: 'metrics',
    stores: [{ store: 'orders', operations: { set: { count: 1, errors: 0 } } }],
  })
})

test('messages below the level are not written', () => {
  expect(outputLines("{ logLevel: 'warn' }")).toEqual([])
})

test('the start is one line with every address', () => {
  const [line = ''] = outputLines('{ jsonApiEnabled: true, jsonApiPort: 0, prometheusEnabled: true, prometheusPort: 0 }')
  expect(JSON.parse(line)).toMatchObject({
    level: 30,
    msg: 'monitoring started',
    prometheus: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    json: expect.stringMatching(/^http:/),
  })
})

/** Runs a program that monitors, with outputs of its own; returns what it writes to the file descriptor 3. */
function runWith(program: string, stdout: 'ignore' | number, stderr: 'pipe' | number, args: string[] = []) {
  const result = spawnSync(process.execPath, [...args, '--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    stdio: ['ignore', stdout, stderr, 'pipe'],
    timeout: 20_000,
  })
  return { status: result.status, signal: result.signal, written: result.output[3] }
}

const reportFailures = `
  const { metrics } = await monitoring.snapshot().then(({ points }) => ({ metrics: points }))
  const failures = metrics.find(({ metric, attributes }) => metric === 'wombat_monitor_callout_failures_total' && attributes.target === 'logger')
  ;(await import('node:fs')).writeSync(3, 'failures: ' + (failures.value > 0))
  await monitoring.close()
`

test.skipIf(!existsSync('/dev/full'))('an application whose log is on a full disk runs on, and the failures are counted', () => {
  const program = `
    import { startMonitoring } from '@wombat/monitor'
    const monitoring = await startMonitoring({ jsonApiEnabled: false, logMetricsEnabled: true, metricsIntervalMs: 100 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    ${reportFailures}`
  expect(runWith(program, openSync('/dev/full', 'w'), 'pipe')).toEqual({ status: 0, signal: null, written: 'failures: true' })
})

test('an application with a logger that throws or rejects runs on, and the failures are counted', () => {
  const program = `
    import { startMonitoring } from '@wombat/monitor'
    const fail = () => { throw new Error('the log is full') }
    const reject = async () => fail()
    const logger = { debug: fail, info: reject, warn: fail, error: reject }
    const monitoring = await startMonitoring({ jsonApiEnabled: false, logMetricsEnabled: true, metricsIntervalMs: 100, logger })
    await new Promise((resolve) => setTimeout(resolve, 300))
    ${reportFailures}`
  expect(runWith(program, 'ignore', 'pipe')).toEqual({ status: 0, signal: null, written: 'failures: true' })
})

test.skipIf(!existsSync('/dev/full'))(
  'an application that is monitored without code runs on if standard error is on a full disk',
  () => {
    const program = `
    await new Promise((resolve) => setTimeout(resolve, 300))
    ;(await import('node:fs')).writeSync(3, 'done')`
    const full = openSync('/dev/full', 'w')
    for (const variable of ['WOMBAT_LOG_LEVEL=debug', 'WOMBAT_JSON_API_PORT=nonsense']) {
      const [name = '', value = ''] = variable.split('=')
      process.env[name] = value
      expect(runWith(program, 'ignore', full, ['--import', '@wombat/monitor/register'])).toMatchObject({
        status: 0,
        written: 'done',
      })
      delete process.env[name]
    }
  },
)

test('a guarded logger passes everything on, and its failures end there', async () => {
  const lines: unknown[] = []
  let failures = 0
  const logger: Logger = {
    debug: () => {
      throw new Error('full')
    },
    info: (...line) => void lines.push(line),
    warn: async () => {
      throw new Error('full')
    },
    error: () => {},
  }
  const guarded = guardLogger(logger, () => failures++)
  for (const level of ['debug', 'info', 'warn', 'error'] as const) guarded[level]({ level }, 'text')
  await Promise.resolve()
  expect(lines).toEqual([[{ level: 'info' }, 'text']])
  expect(failures).toBe(2)
})
