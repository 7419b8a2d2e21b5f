import { expect, test } from 'vitest'
import { preload, startApplication } from './application.ts'

/** Opens many stores with files, and then fills the pool of threads until it is told to end. */
const program = `
  import { pbkdf2 } from 'node:crypto'
  import { mkdtempSync } from 'node:fs'
  import { tmpdir } from 'node:os'
  import { join } from 'node:path'
  import { ClassicLevel } from 'classic-level'
  for (let index = 0; index < 300; index++) {
    const db = new ClassicLevel(mkdtempSync(join(tmpdir(), 'store-')))
    await db.put('key', 'value')
  }
  const fill = () => pbkdf2('password', 'salt', 500_000, 64, 'sha512', fill)
  for (let index = 0; index < 16; index++) fill()
  console.log('the pool is full')
  process.stdin.resume().on('end', () => process.exit())
`

test('300 stores that answer late are reported once, with the reason', async () => {
  const application = await startApplication(['--import', preload, '--input-type=module', '--eval', program], {
    WOMBAT_PROMETHEUS_ENABLED: 'true',
    WOMBAT_PROMETHEUS_PORT: '0',
  })
  const [, line = ''] = await application.waitForLine(/^(.*monitoring started.*)\n/m)
  const { prometheus } = JSON.parse(line)
  await expect.poll(() => application.written.output).toContain('the pool is full')
  const scrape = async () => (await fetch(`${prometheus}/metrics`)).text()
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
