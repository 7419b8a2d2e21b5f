import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What a process with the built package writes to standard output while it monitors one put, line by line. */
function linesOf(config: string): string[] {
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

test('an application without a logger gets one JSON line for each message', () => {
  const lines = linesOf('{}')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 30,
    time: expect.any(Number),
    name: 'wombat',
    msg: 'metrics',
    stores: [{ store: 'orders', operations: { set: { count: 1, errors: 0 } } }],
  })
})

test('what is less severe than the level is not written', () => {
  expect(linesOf("{ logLevel: 'warn' }")).toEqual([])
})
