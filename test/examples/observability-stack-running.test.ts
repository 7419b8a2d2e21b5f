import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { startBackend } from '@wombat/test-support/backend-process'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { freePort } from '@wombat/test-support/free-port'
import { otlpResource, otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { hasOtlpReceiver } from '@wombat/test-support/prometheus'
import { promtool } from '@wombat/test-support/promtool'
import { query } from '@wombat/test-support/query'
import { describe, expect, test } from 'vitest'
import { type ExampleCollector, startExampleCollector } from './example-collector.ts'
import { type RunningExample, startExample } from './running-example.ts'
import { type Container, createRootFolder, type Stack, stackFile } from './stack.ts'

const { services } = await stackFile<Stack>('compose.yaml')

function findContainer(name: string): Container {
  const container = services[name]
  if (container === undefined) throw new Error(`the stack has no ${name}`)
  return container
}

/** Returns the path of the health check of a container. */
function healthPath(name: string): string {
  const [, path = ''] = /127\.0\.0\.1:\d+(\/[\w/-]+)/.exec(findContainer(name).healthcheck?.test.join(' ') ?? '') ?? []
  return path
}

/** Replaces addresses in a file. Every replacement must match. */
async function rewrite(path: string, changes: Readonly<Record<string, string>>): Promise<void> {
  let text = await readFile(path, 'utf8')
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`${path} does not contain ${from}`)
    text = text.replaceAll(from, to)
  }
  await writeFile(path, text)
}

async function startService(
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningExample & { readonly host: string }> {
  const own = findContainer(name).environment
  const here = { HOST: '127.0.0.1', PORT: '0', DRAIN_MS: '0', DATA: 'data/orders', WOMBAT_HEALTH_CHECK_INTERVAL_MS: '300' }
  const service = await startExample(['service/dist/main.js'], { ...own, ...here, ...environment })
  const [, port] = await service.waitForOutput(/listening at port (\d+)/)
  return { ...service, host: `127.0.0.1:${port}` }
}

async function startAlertmanager(logPort: string | undefined): Promise<string> {
  const container = findContainer('alertmanager')
  const root = await createRootFolder(container)
  await rewrite(join(root, 'etc/alertmanager/alertmanager.yml'), {
    'http://alert-log:3000/': `http://127.0.0.1:${logPort}/`,
    'group_wait: 10s': 'group_wait: 0s',
  })
  const host = `127.0.0.1:${await freePort()}`
  const flags = (container.command ?? []).map((flag) => flag.replace('=/', `=${root}/`))
  const args = [...flags, `--web.listen-address=${host}`, '--cluster.listen-address=']
  await startBackend('alertmanager', args, `http://${host}${healthPath('alertmanager')}`)
  return host
}

interface Rules {
  readonly data: { readonly groups: ReadonlyArray<{ readonly file: string }> }
}

interface Hosts {
  readonly orders: string
  readonly collector: string
  readonly alertmanager: string
}

/** Starts it and returns its address. */
async function startPrometheus(hosts: Hosts): Promise<string> {
  const container = findContainer('prometheus')
  const root = await createRootFolder(container)
  const host = `127.0.0.1:${await freePort()}`
  await rewrite(join(root, 'etc/prometheus/prometheus.yml'), {
    'orders:3000': hosts.orders,
    'collector:8888': hosts.collector,
    'alertmanager:9093': hosts.alertmanager,
    'localhost:9090': host,
    'interval: 15s': 'interval: 500ms',
  })
  // Fires as soon as there is anything, so that the way of an alert is seen in seconds.
  const rule = {
    alert: 'OrdersComeIn',
    expr: 'sum by (store) (db_set_operations_total{job="orders"}) > 0',
    labels: { severity: 'info' },
    annotations: { summary: 'Orders come in.' },
  }
  await writeFile(join(root, 'etc/prometheus/rules/test.yaml'), JSON.stringify({ groups: [{ name: 'test', rules: [rule] }] }))
  const flags = (container.command ?? []).filter((flag) => hasOtlpReceiver || flag !== '--web.enable-otlp-receiver')
  const args = [...flags.map((flag) => flag.replace('=/', `=${root}/`)), `--web.listen-address=${host}`]
  const url = `http://${host}`
  await startBackend('prometheus', args, `${url}${healthPath('prometheus')}`)
  return url
}

describe.skipIf(!areInstalled('prometheus', 'promtool', 'alertmanager', 'otelcol'))('the stack', () => {
  test('has a Prometheus configuration and rules that promtool accepts', async () => {
    const root = await createRootFolder(findContainer('prometheus'))
    expect(await promtool('check', 'config', join(root, 'etc/prometheus/prometheus.yml'))).toBe('')
  })

  test('runs: metrics are scraped and sent, rules are evaluated, and an alert arrives', async () => {
    const receiver = await startOtlpReceiver()
    const collector: ExampleCollector = await startExampleCollector('observability-stack/collector.yaml', receiver.endpoint, [
      'metrics',
    ])
    const [orders, sending, alertLog] = await Promise.all([
      startService('orders'),
      startService('orders-sending', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, WOMBAT_METRICS_INTERVAL_MS: '500' }),
      startExample(['observability-stack/alert-log.js'], { PORT: '0' }),
    ])
    const alertmanager = await startAlertmanager((await alertLog.waitForOutput(/listening at port (\d+)/))[1])
    const prometheus = await startPrometheus({ orders: orders.host, collector: collector.own, alertmanager })
    await startExample(['observability-stack/load.js', `http://${orders.host}`, `http://${sending.host}`])

    const up = async () => Object.fromEntries((await query(prometheus, 'up')).map(({ labels, value }) => [labels['job'], value]))
    const all = { orders: 1, collector: 1, prometheus: 1, alertmanager: 1, grafana: 0 }
    await expect.poll(up, { timeout: 20_000 }).toEqual(all)
    const sets = async () => (await query(prometheus, 'db_set_operations_total{job="orders", store="orders"}'))[0]?.value
    await expect.poll(sets, { timeout: 20_000 }).toBeGreaterThan(5)
    const { data } = (await (await fetch(`${prometheus}/api/v1/rules`)).json()) as Rules
    const evaluated = new Set(data.groups.map(({ file }) => basename(file)))
    expect(evaluated).toEqual(
      new Set(['test.yaml', 'wombat-alerts.yaml', 'wombat-fleet.yaml', 'wombat-recording.yaml', 'wombat-slo.yaml']),
    )

    const sent = () => {
      const bodies = receiver.received.filter(({ path }) => path === '/v1/metrics').map(({ body }) => body)
      const last = bodies.at(-1)
      return last === undefined ? undefined : otlpValue(last, 'db_set_operations_total', { store: 'orders' })
    }
    await expect.poll(sent, { timeout: 20_000 }).toBeGreaterThan(5)
    expect(receiver.received.map(({ body }) => otlpResource(body)['service.name'])).toContain('orders')

    await alertLog.waitForOutput(/firing info OrdersComeIn Orders come in\.\n/)
    // What containers are asked for their health, the real ones answer.
    const asked = { orders: `http://${orders.host}`, prometheus, alertmanager: `http://${alertmanager}` }
    const answers = Object.entries(asked).map(async ([name, url]) => (await fetch(`${url}${healthPath(name)}`)).status)
    expect(Object.keys(asked).map(healthPath)).toEqual(['/readyz', '/-/ready', '/-/ready'])
    expect(await Promise.all(answers)).toEqual([200, 200, 200])
  }, 90_000)
})
