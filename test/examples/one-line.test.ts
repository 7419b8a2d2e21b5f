import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@wombat/test-support/free-port'
import { parsePrometheusText } from '@wombat/test-support/prometheus-text'
import type { Sample } from '@wombat/test-support/sample'
import { scrape } from '@wombat/test-support/scrape'
import { expect, test } from 'vitest'
import { examples, startExample } from './running-example.ts'

const readme = readFileSync(join(examples, 'one-line/README.md'), 'utf8')
const [, shownText = ''] = /```text\n(.*?)```/s.exec(readme) ?? []
const shown = parsePrometheusText(shownText)

interface Variant {
  readonly args: readonly string[]
  readonly environment: (port: number) => Readonly<Record<string, string>>
  readonly store: string
}

const byMonitor = (port: number) => ({ WOMBAT_PROMETHEUS_ENABLED: 'true', WOMBAT_PROMETHEUS_PORT: `${port}` })
const register = import.meta.resolve('../../packages/monitor/dist/register.js')

const ways: Readonly<Record<string, Variant>> = {
  'with OpenTelemetry and one line': {
    args: ['--import', 'one-line/telemetry.js', 'one-line/measured.js'],
    environment: (port) => ({ OTEL_EXPORTER_PROMETHEUS_PORT: `${port}` }),
    store: 'orders',
  },
  'with the monitor and one line': {
    args: ['one-line/monitored.js'],
    environment: (port) => ({ WOMBAT_PROMETHEUS_PORT: `${port}` }),
    store: 'orders',
  },
  'with no line at all': {
    args: ['--import', register, 'one-line/unchanged.js'],
    environment: byMonitor,
    store: 'leveldb',
  },
}

/** Finds the same series. Additional labels are ignored: OpenTelemetry's exporter adds the scope. */
function find(samples: readonly Sample[], { name, labels }: Sample, store: string): Sample | undefined {
  return samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, value]) => sample.labels[key] === (key === 'store' ? store : value)),
  )
}

test('the README contains counts, latencies and engine metrics', () => {
  const names = new Set(shown.map(({ name }) => name))
  expect([...names]).toEqual(
    expect.arrayContaining(['db_set_operations_total', 'db_get_latency_seconds_bucket', 'db_level_files']),
  )
})

test.each(Object.entries(ways))('%s, /metrics has the series of the README', async (_title, { args, environment, store }) => {
  const port = await freePort()
  const application = await startExample(args, environment(port))
  const url = `http://127.0.0.1:${port}/metrics`
  const samples = () => scrape(url).catch(() => [])
  const sets = { name: 'db_set_operations_total', labels: { store }, value: 0 }
  await expect.poll(async () => find(await samples(), sets, store)?.value, { timeout: 15_000 }).toBeGreaterThan(2)
  const now = await samples()
  expect(shown.filter((sample) => find(now, sample, store) === undefined)).toEqual([])
  const [before, after] = [find(now, sets, store)?.value ?? 0, () => samples().then((later) => find(later, sets, store)?.value)]
  await expect.poll(after, { timeout: 5000 }).toBeGreaterThan(before)
  expect(application.output()).not.toMatch(/error/i)
})
