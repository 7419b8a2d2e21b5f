import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

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
