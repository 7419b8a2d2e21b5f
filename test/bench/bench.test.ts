import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
// The compiled file, which `npm run bench` also runs.
const main = fileURLToPath(new URL('./dist/main.js', import.meta.url))

const spread = { median: expect.any(Number), p10: expect.any(Number), p90: expect.any(Number) }

async function bench(...args: string[]) {
  const { stdout } = await run(process.execPath, [main, '--quick', ...args])
  return stdout
}

test('every part reports its comparison, with a number for each case and each ratio', async () => {
  const result = JSON.parse(await bench('--json'))
  expect(result).toMatchObject({ quick: true, machine: { node: process.version, cpuCount: expect.any(Number) } })
  expect(result.parts.map(({ part }: { part: string }) => part)).toEqual([
    'record',
    'sampling',
    'operations',
    'in-place',
    'service',
    'caches',
    'collect',
    'engine',
    'history',
    'query',
    'detail',
    'start-up',
  ])
  for (const { comparisons } of result.parts) {
    expect(comparisons).not.toHaveLength(0)
    for (const { name, cases, ratios } of comparisons) {
      expect(name).not.toBe('')
      for (const one of cases) expect(one).toMatchObject({ name: expect.any(String), nanoseconds: spread })
      const names = cases.map((one: { name: string }) => one.name)
      for (const one of ratios) {
        expect(one).toMatchObject(spread)
        expect(names).toContain(one.of)
        expect(names).toContain(one.to)
      }
    }
  }
}, 120_000)

test('each ratio is printed with its goal, met or missed', async () => {
  expect(await bench('--only', 'record')).toMatch(/prom-client ÷ ours, one reader .* goal: at least 20, (met|missed)/)
})

test('an unknown part is rejected', async () => {
  await expect(bench('--only', 'nothing')).rejects.toThrow(
    '--only takes record, sampling, operations, in-place, service, caches, collect, engine, history, query, detail, start-up, got nothing',
  )
})

test("the time to collect a large store's engine metrics has a goal, and the store's size is an option", async () => {
  const output = await bench('--only', 'engine', '--engine-megabytes', '12')
  expect(output).toMatch(/classic-level, 12 MB in [1-9]\d* tables/)
  expect(output).toMatch(/one collection .* p95: .*, goal: at most 20.0 ms, (met|missed)/)
  expect(output).toMatch(/leveldb\.sstables .* p95: /)
  await expect(bench('--engine-megabytes', '0')).rejects.toThrow('--engine-megabytes must be 1 or more, got 0')
})
