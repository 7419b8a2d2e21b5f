import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const built = pathToFileURL(join(import.meta.dirname, '../../dist/health/monitor.js'))

/** Runs a program with a monitor in a process of its own, which has ten seconds. */
function run(program: string): { code: number | null; printed: string } {
  const before = `
    import { HealthMonitor } from '${built}'
    const monitor = new HealthMonitor({ intervalMs: 1000, timeoutMs: 300 })
    monitor.register({ name: 'fine', run: () => ({ status: 'healthy', message: 'fine' }) })
    monitor.register({ name: 'hanging', run: () => new Promise(() => {}) })
  `
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', before + program], {
    encoding: 'utf8',
    timeout: 10_000,
  })
  return { code: status, printed: stdout }
}

test('a monitor that was started keeps no process alive, not even by a check that hangs', () => {
  expect(run("monitor.start(); console.log('done')")).toEqual({ code: 0, printed: 'done\n' })
})

test('a process that waits for the checks lives until they are judged', () => {
  const program = "console.log((await monitor.runHealthChecks()).map(({ status }) => status).join(' '))"
  expect(run(program)).toEqual({ code: 0, printed: 'healthy unhealthy\n' })
})
