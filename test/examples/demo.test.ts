import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonMetric } from '@wombat/monitor'
import { startDemo, startDemoWithEnvironment } from '@wombat/test-support/demo-process'
import { freePort } from '@wombat/test-support/free-port'
import { operationMetrics } from '@wombat/test-support/operation-metrics'
import { scrape } from '@wombat/test-support/scrape'
import { describe, expect, onTestFinished, test } from 'vitest'

const anyPorts = ['--prometheus-port', '0', '--json-port', '0']
const signals = ['SIGINT', 'SIGTERM'] as const
/** The time within which the demo must exit after a signal. */
const endMs = 5000

/** Waits for a promise. @throws Error if it takes longer than `ms`. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = sleep(ms, undefined, { ref: false }).then(() => Promise.reject(new Error(`took longer than ${ms} ms`)))
  return Promise.race([promise, late])
}

test('the demo prints its URLs and a table, serves every metric, and exits by itself', async () => {
  const demo = await startDemo('--for', '4', ...anyPorts)
  const { metrics, json } = await demo.addresses()
  await sleep(2500)
  const samples = await scrape(metrics)
  const answer = await fetch(json)
  const inJson = ((await answer.json()) as { metrics: JsonMetric[] }).metrics

  const names = new Set(samples.map(({ name }) => name))
  expect(operationMetrics.filter((name) => !names.has(name))).toEqual([])
  const families = new Set(operationMetrics.map((name) => name.replace(/_seconds_(bucket|sum|count)$/, '_seconds')))
  expect([...families].filter((family) => !inJson.some(({ name }) => name === family))).toEqual([])
  const numberAt = (name: string, labels: object) =>
    samples.find((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))?.value
  const failed = numberAt('db_get_errors_total', { store: 'damaged' })
  expect(failed).toBeGreaterThan(0)
  expect(numberAt('db_errors_total', { store: 'damaged', operation: 'get', error_type: 'LEVEL_CORRUPTION' })).toBe(failed)
  expect(numberAt('db_get_errors_total', { store: 'orders' })).toBe(0)

  expect(await within(endMs, demo.ended)).toBe(0)
  expect(demo.written.output).toMatch(/^Console +http:\/\/127\.0\.0\.1:\d+\/\n/)
  expect(demo.written.output).toMatch(/^store +operation +per second +P50 +P95 +P99 +errors$/m)
  expect(demo.written.output).toMatch(/^orders +get +\d+\.\d +\d+ µs/m)
  const [, errors] = demo.written.output.match(/^damaged +get .* (\d+)$/m) ?? []
  expect(Number(errors)).toBeGreaterThanOrEqual(failed ?? 1)
  // In four seconds, the last interval only: sent when the monitoring is closed, to the demo's own receiver.
  expect(demo.written.output).toMatch(
    /^OTLP +http:\/\/127\.0\.0\.1:\d+\/v1\/metrics, a receiver in this demo \(set OTEL_EXPORTER_OTLP_ENDPOINT for another\)$/m,
  )
  expect(demo.written.output).toMatch(/^OTLP +[1-9]\d* exports? received, \d+\.\d kB$/m)
  expect(demo.written.errors).toBe('')
  expect(demo.remainingFiles()).toEqual([])
})

test('the JSON API is complete and has the documented shape', async () => {
  const demo = await startDemo(...anyPorts)
  const { json } = await demo.addresses()
  await sleep(500)
  const { metrics } = (await (await fetch(json)).json()) as { metrics: JsonMetric[] }
  expect(metrics.length).toBeGreaterThan(50)
  for (const metric of metrics) {
    expect(metric).toMatchObject({
      name: expect.stringMatching(/^[a-z][a-z0-9_]*$/),
      unit: expect.any(String),
      labels: expect.any(Object),
    })
    expect(Math.abs(metric.timestamp - Date.now())).toBeLessThan(60_000)
    if ('value' in metric) {
      expect(metric.value).toBeGreaterThanOrEqual(0)
      continue
    }
    expect(metric.quantiles).toHaveLength(metric.count === 0 ? 0 : 3)
    const counts = (metric.buckets ?? []).map(({ count }) => count)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(counts.at(-1)).toBe(metric.count)
  }
})

describe('a signal', () => {
  test.each(signals)('%s ends the demo cleanly as soon as it prints its URLs', async (signal) => {
    const demo = await startDemo(...anyPorts)
    await demo.addresses()
    demo.send(signal)
    expect(await within(endMs, demo.ended)).toBe(0)
    expect(demo.written.errors).toBe('')
    expect(demo.remainingFiles()).toEqual([])
  })

  test.each(signals)('%s ends the demo cleanly under load', async (signal) => {
    const demo = await startDemo(...anyPorts)
    await demo.addresses()
    await sleep(1000)
    demo.send(signal)
    expect(await within(endMs, demo.ended)).toBe(0)
    expect(demo.written.output).toMatch(/^orders +set /m)
    expect(demo.written.errors).toBe('')
    expect(demo.remainingFiles()).toEqual([])
  })

  // Node itself needs a while to begin; until then a signal ends it in Node's own way, before there is anything to clean up.
  test.each([0, 60, 120, 180, 240, 300, 400])('leaves nothing behind %s ms after the start', async (ms) => {
    const demo = await startDemo(...anyPorts)
    await sleep(ms)
    demo.send('SIGINT')
    expect(await within(endMs, demo.ended)).toBeOneOf([0, 'SIGINT'])
    expect(demo.written.errors).toBe('')
    expect(demo.remainingFiles()).toEqual([])
  })

  test('ends the demo while its Collector cannot be reached', async () => {
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    }
    const demo = await startDemoWithEnvironment(environment, ...anyPorts)
    await demo.addresses()
    await sleep(1200)
    demo.send('SIGTERM')
    expect(await within(2 * endMs, demo.ended)).toBe(0)
    expect(demo.written.output.match(/OTLP export failed/g)).toHaveLength(1)
    expect(demo.written.errors).toBe('')
    expect(demo.remainingFiles()).toEqual([])
  })
})

test('the demo exits if its standard output is closed', async () => {
  const demo = await startDemo(...anyPorts)
  await demo.addresses()
  demo.closeOutput()
  expect(await within(2 * endMs, demo.ended)).toBe(0)
  expect(demo.written.errors).toBe('')
  expect(demo.remainingFiles()).toEqual([])
})

test.each(['--prometheus-port', '--json-port'])('a port in use is reported in one sentence that names %s', async (flag) => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const demo = await startDemo(...anyPorts, flag, String(port))
  expect(await within(4 * endMs, demo.ended)).toBe(1)
  expect(demo.written).toEqual({
    output: '',
    errors: `${flag}: cannot listen on 127.0.0.1:${port}: the port is in use. Set ${flag} to another port, or to 0 for any free port.\n`,
  })
  expect(demo.remainingFiles()).toEqual([])
})

test.each([
  [['--for', 'abc'], '--for must be a number of seconds above 0 and up to 2000000, got "abc"'],
  [['--for', '0'], '--for must be a number of seconds above 0 and up to 2000000, got "0"'],
  [['--for', ''], '--for must be a number of seconds above 0 and up to 2000000, got ""'],
  [['--for', 'Infinity'], '--for must be a number of seconds above 0 and up to 2000000, got "Infinity"'],
  [['--prometheus-port', '9464x'], '--prometheus-port must be a port from 0 (any free port) to 65535, got "9464x"'],
  [['--json-port', ''], '--json-port must be a port from 0 (any free port) to 65535, got ""'],
  [['--json-port', '65536'], '--json-port must be a port from 0 (any free port) to 65535, got "65536"'],
  [['--for'], "Option '--for <value>' argument missing"],
  [['--fro', '4'], "Unknown option '--fro'"],
  [['4'], "Unexpected argument '4'. This command does not take positional arguments"],
])('%j is answered with a sentence', async (args, sentence) => {
  const demo = await startDemo(...args)
  expect(await within(endMs, demo.ended)).toBe(1)
  expect(demo.written).toEqual({ output: '', errors: `${sentence}\n` })
})

test('--help lists the options', async () => {
  const demo = await startDemo('--help')
  expect(await within(endMs, demo.ended)).toBe(0)
  for (const flag of ['--for', '--prometheus-port', '--json-port', '--help']) expect(demo.written.output).toContain(flag)
  expect(demo.written.errors).toBe('')
})
