import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@wombat/test-support/free-port'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStores, Program, program, type StoresInUse, startStores, waitFor } from './console-process.ts'

const folder = join(import.meta.dirname, '..')

let stores: StoresInUse

beforeAll(async () => {
  stores = await openStores()
})
afterAll(() => stores.close())

/** What a JSON object has, as paths: `stores[].store`. */
function paths(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => paths(item, `${prefix}[]`))
  if (typeof value !== 'object' || value === null) return [prefix]
  return Object.entries(value).flatMap(([key, one]) => paths(one, prefix === '' ? key : `${prefix}.${key}`))
}

test('--once --json prints one object with everything, in the documented shape', async () => {
  const { code, out, error } = await new Program(['top', '--once', '--json', '--connect', stores.url]).exit()
  expect({ code, error }).toEqual({ code: 0, error: '' })
  const snapshot = JSON.parse(out)
  expect(snapshot).toMatchObject({
    url: stores.url,
    service: 'shop',
    serviceVersion: '1.2.3',
    windowSeconds: 60,
    process: { memoryBytes: expect.any(Number), eventLoopDelayP99Seconds: expect.any(Number) },
    stores: [
      {
        store: 'orders',
        engine: 'leveldb',
        state: 'open',
        operationsPerSecond: expect.any(Number),
        errorsPerSecond: 0,
        p50Seconds: expect.any(Number),
        p99Seconds: expect.any(Number),
        maxSeconds: expect.any(Number),
        inFlight: expect.any(Number),
        firing: 1,
        engineNumbers: { levels: [], compactionsRunning: 0, writeStalls: [] },
      },
      { store: 'sessions' },
    ],
    alerts: [
      {
        alert: 'AnyGets',
        store: expect.any(String),
        severity: 'warning',
        state: 'firing',
        summary: expect.stringMatching(/ is read\.$/),
      },
      { alert: 'AnyGets' },
    ],
    events: expect.arrayContaining([expect.objectContaining({ kind: 'store_opened', store: 'orders', severity: 'info' })]),
  })
  const [orders, sessions] = snapshot.stores
  const get = orders.operations.find(({ operation }: { operation: string }) => operation === 'get')
  expect(get.operationsPerSecond).toBeGreaterThan(0)
  expect(get.p50Seconds).toBeLessThanOrEqual(get.p99Seconds)
  expect(get.p99Seconds).toBeLessThanOrEqual(get.maxSeconds)
  expect(sessions.errorsPerSecond).toBeGreaterThan(0)

  const [, example = '{}'] = /```json\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
  const documented = new Set(paths(JSON.parse(example)))
  expect([...new Set(paths(snapshot))].filter((path) => !documented.has(path))).toEqual([])
})

test('in a pipe it prints one report after the other, without colors and without lines that are too long', async () => {
  const run = new Program(['top', '--interval', '1', '--connect', stores.url], { COLUMNS: '200' })
  await waitFor(() => expect(run.out.match(/^shop 1\.2\.3 /gm)?.length).toBeGreaterThan(1))
  run.child.kill('SIGINT')
  const { code, out, error } = await run.exit()
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(out).not.toContain('\u001b')
  expect(out.split('\n').filter((line) => line.length > 120)).toEqual([])
  const [report = ''] = out.split(/\n(?=shop )/)
  expect(report).toMatch(/^ {2}orders +leveldb +\w+ /m)
  expect(report).toMatch(/^ {2}orders +get /m)
  expect(report).toMatch(/^orders {2}leveldb .*0 compactions running {2}no stall/m)
  expect(report).toMatch(/^firing orders AnyGets warning for .*: orders is read\.$/m)
})

test('--filter and --sort choose the rows and their order', async () => {
  const args = ['top', '--once', '--connect', stores.url]
  const rowsOf = ({ out }: { out: string }): string[] =>
    [...out.matchAll(/^ {2}(\w+) +\S+ +(?:healthy|degraded|unhealthy|critical)/gm)].map(([, name = '']) => name)
  expect(rowsOf(await new Program([...args, '--sort', 'errors']).exit())).toEqual(['sessions', 'orders'])
  expect(rowsOf(await new Program([...args, '--sort', 'store']).exit())).toEqual(['orders', 'sessions'])
  expect(rowsOf(await new Program([...args, '--filter', 'ORD']).exit())).toEqual(['orders'])
})

test('without the process, one report is an error, and reports go on as soon as the process answers', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const once = await new Program(['top', '--once', '--json'], { WOMBAT_CONSOLE_URL: url }).exit()
  expect(once).toEqual({
    code: 1,
    out: '',
    error: `wombat-console: ${url} does not answer: connection refused; check that the process runs and that the port is that of its JSON API (jsonApiPort)\n`,
  })
  const run = new Program(['top', '--json', '--interval', '1'], { WOMBAT_CONSOLE_URL: url })
  await waitFor(() => expect(run.error).toMatch(/connection refused.*\(since \d{4}-.*Z, still trying\)\n$/))
  await startStores({ jsonApiPort: port })
  await waitFor(() => expect(run.out).toMatch(/^\{.*\}\n/))
  expect(run.error).toMatch(/answers again\n$/)
  expect(run.error.split('\n')).toHaveLength(3)
})

test('the token comes from the environment, and without it the error says so', async () => {
  const authToken = 'a-secret-of-the-process'
  const { url } = await startStores({ authToken })
  const args = ['top', '--once', '--json', '--connect', url]
  expect((await new Program(args).exit()).error).toBe(
    `wombat-console: ${url} requires its token: set WOMBAT_AUTH_TOKEN to its authToken\n`,
  )
  expect((await new Program(args, { WOMBAT_AUTH_TOKEN: 'another-secret-than-that' }).exit()).error).toBe(
    `wombat-console: ${url} requires its token: WOMBAT_AUTH_TOKEN has another one\n`,
  )
  const { code, out } = await new Program(args, { WOMBAT_AUTH_TOKEN: authToken }).exit()
  expect(code).toBe(0)
  expect(JSON.parse(out).stores).toHaveLength(2)
})

test('the console is served until Ctrl-C, and says if the process does not answer', async () => {
  const port = await freePort()
  const run = new Program(['--connect', `http://127.0.0.1:${port}`])
  await waitFor(() => expect(run.error).not.toBe(''))
  expect(run.error).toMatch(/connection refused; .*\. The console connects as soon as the process answers\.\n$/)
  const [, url = ''] = /^Console {2}(http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(run.out) ?? []
  expect((await fetch(url)).status).toBe(200)
  // A stream that is open does not keep it.
  run.child.kill('SIGINT')
  expect((await run.exit()).code).toBe(0)
})

test('the help is there at once: nothing is loaded that it does not need', () => {
  const measure = (args: readonly string[]): number => {
    const startMs = performance.now()
    expect(spawnSync(process.execPath, args).status).toBe(0)
    return performance.now() - startMs
  }
  const best = (args: readonly string[]): number => Math.min(...Array.from({ length: 7 }, () => measure(args)))
  expect(best([program, '--help']) - best(['-e', '0'])).toBeLessThan(100)
})

test('an older Node gets one sentence', () => {
  const pretend = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.14.0'}})"
  const { status, stderr } = spawnSync(process.execPath, ['--import', pretend, program, '--help'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([1, 'wombat-console: @wombat/console needs Node 22.15 or later, this is Node 22.14.0\n'])
})

test('the package is complete in itself: the program, the page and the licenses of all that is bundled', () => {
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder, encoding: 'utf8' }),
  ) as [{ files: ReadonlyArray<{ readonly path: string }> }]
  const names = files.map(({ path }) => path)
  expect(names).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'dist/bundle/cli.js',
      'dist/bundle/index.js',
      'dist/index.d.ts',
      'dist/page/index.html',
    ]),
  )
  expect(names.filter((name) => name.includes('.test.') || name.startsWith('test/'))).toEqual([])
  const licenses = readFileSync(join(folder, 'dist/bundle/licenses.txt'), 'utf8').split(/^## /m).slice(1)
  expect(licenses.map((text) => text.split(' - ')[0])).toEqual(
    expect.arrayContaining(['hono', 'ink', 'react', 'yoga-layout', '@hono/node-server']),
  )
  for (const text of licenses) expect(text).toMatch(/copyright|permission is hereby granted/i)
})
