import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'
import { preload, startApplication } from './application.ts'

/** Blocks the event loop, as loading a large application does. */
const block = (seconds: number) => `{ const endMs = performance.now() + ${seconds * 1000}; while (performance.now() < endMs); }\n`
const waitForEnd = "process.stdin.resume(); process.stdin.on('end', () => process.exit())\n"

/** Runs the program as an application with the preload. Returns the sums of the process metrics and the health when it has started. */
async function measureStart(how: string, kind: string, program: string) {
  const file = join(await temporaryFolder(), `app.${kind}`)
  writeFileSync(file, `${program}setTimeout(() => console.log('ready'), 300)\n${waitForEnd}`)
  const application = await startApplication([how, preload, file], {
    WOMBAT_PROMETHEUS_ENABLED: 'true',
    WOMBAT_PROMETHEUS_PORT: '0',
    WOMBAT_HEALTH_CHECK_INTERVAL_MS: '200',
  })
  const [, line = ''] = await application.waitForLine(/^(.*monitoring started.*)\n/m)
  await expect.poll(() => application.written.output).toBe('ready\n')
  const { prometheus } = JSON.parse(line)
  const text = await (await fetch(`${prometheus}/metrics`)).text()
  const read = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
  const measured = {
    delay: read('wombat_process_event_loop_delay_seconds_sum'),
    ticks: read('wombat_process_event_loop_delay_seconds_count'),
    active: read('wombat_process_event_loop_active_seconds_total'),
    poolWait: read('wombat_process_thread_pool_wait_seconds_sum'),
  }
  application.endInput()
  expect(await application.ended).toBe(0)
  return { ...measured, errors: application.written.errors }
}

test.each([
  ['--import', 'mjs'],
  ['--import', 'cjs'],
  ['--require', 'mjs'],
  ['--require', 'cjs'],
])('the start of an application is no blocked event loop (%s, %s)', async (how, kind) => {
  const { delay, ticks, active, poolWait, errors } = await measureStart(how, kind, block(1.3))
  expect(ticks).toBeGreaterThan(0)
  for (const seconds of [delay, active, poolWait]) expect(seconds).toBeLessThan(1)
  expect(errors).not.toContain('blocked')
})

test.each(['mjs', 'cjs'])('a block right after the start of an application is measured (%s)', async (kind) => {
  const { delay, active } = await measureStart('--import', kind, `${block(1.3)}setImmediate(() => ${block(0.7)})\n`)
  for (const seconds of [delay, active]) {
    expect(seconds).toBeGreaterThan(0.6)
    expect(seconds).toBeLessThan(1.3)
  }
})

test('an application at a top-level await has started when its event loop waits', async () => {
  const { delay } = await measureStart('--import', 'mjs', `await new Promise((done) => setTimeout(done, 400))\n${block(0.7)}`)
  expect(delay).toBeGreaterThan(0.6)
})
