import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const built = pathToFileURL(join(import.meta.dirname, '../../dist/health/monitor.js'))

/** Runs a program with a monitor in its own process, for at most ten seconds. */
function run(program: string): { code: number | null; output: string } {
  const preamble = `
    import { HealthMonitor } from '${built}'
    const monitor = new HealthMonitor({ intervalMs: 1000, timeoutMs: 300 })
    monitor.register({ name: 'fine', run: () => ({ status: 'healthy', message: 'fine' }) })
    monitor.register({ name: 'hanging', run: () => new Promise(() => {}) })
  `
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', preamble + program], {
    encoding: 'utf8',
    timeout: 10_000,
  })
  return { code: status, output: stdout }
}

test('a started monitor does not keep the process alive, even if a check hangs', () => {
  expect(run("monitor.start(); console.log('done')")).toEqual({ code: 0, output: 'done\n' })
})

test('a process that awaits the checks lives until they have results', () => {
  const program = "console.log((await monitor.runHealthChecks()).map(({ status }) => status).join(' '))"
  expect(run(program)).toEqual({ code: 0, output: 'healthy unhealthy\n' })
})
