import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
// The compiled file, as for `npm run bench`.
const main = fileURLToPath(new URL('./dist/longest-block/main.js', import.meta.url))

test('everything is asked at once, answered, and measured from outside', async () => {
  const { stdout } = await run(process.execPath, [main, '--quick', '--seconds', '3', '--json'])
  const { service, idle, answers } = JSON.parse(stdout)
  for (const report of [service, idle]) {
    expect(report).toMatchObject({ turns: expect.any(Number), p999Ms: expect.any(Number), cpuMaxMs: expect.any(Number) })
  }
  expect(answers.length).toBeGreaterThan(20)
  for (const { name, answers: count, failures } of answers) {
    expect(count, name).toBeGreaterThan(0)
    expect(failures, name).toBe(0)
  }
}, 120_000)
