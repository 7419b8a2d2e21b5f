import { join } from 'node:path'
import { expect, test } from 'vitest'
import { preload, startApplication } from './application.ts'

test('300 stores that answer late are reported once, with the reason', async () => {
  const application = await startApplication(['--import', preload, join(import.meta.dirname, 'apps/late-sources.mjs')], {
    WOMBAT_PROMETHEUS_ENABLED: 'true',
    WOMBAT_PROMETHEUS_PORT: '0',
  })
  const [, line = ''] = await application.waitForLine(/^(.*monitoring started.*)\n/m)
  const { prometheus } = JSON.parse(line)
  const scrape = async () => (await fetch(`${prometheus}/metrics`)).text()
  await expect.poll(() => application.written.output).toContain('the stores are open')
  // Node 22.15 loads the modules of the first request in the pool of threads.
  await scrape()
  application.send('SIGUSR2')
  await expect.poll(() => application.written.output).toContain('the pool is full')
  const readFailures = async () => Number(/^wombat_monitor_source_failures_total (\d+)$/m.exec(await scrape())?.[1])
  // A collection that began before the pool was full is answered.
  await expect.poll(readFailures).toBeGreaterThanOrEqual(100)
  await scrape()
  const lines = application.written.errors.split('\n').filter((one) => one.includes('sources of engine metrics'))
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '').msg).toMatch(
    /^\d+ of \d+ sources of engine metrics did not answer within 1 s, .* raise UV_THREADPOOL_SIZE if the threads are; further ones are only counted$/,
  )
  application.endInput()
  expect(await application.ended).toBe(0)
})
