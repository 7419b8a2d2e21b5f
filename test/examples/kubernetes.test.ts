import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explainConfig, type HealthStatus, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { freePort } from '@wombat/test-support/free-port'
import { type HttpResponse, httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Deployment, type Fields, manifest, type NetworkPolicy, type PodMonitor } from './manifests.ts'

const folder = join(import.meta.dirname, '../../examples/kubernetes')
const readme = readFileSync(join(folder, 'README.md'), 'utf8')
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
const token = 'a-token-of-sixteen-or-more'

const deployment = manifest('deployment.yaml') as Deployment
const pod = deployment.spec.template
const [container] = pod.spec.containers
const podMonitor = manifest('pod-monitor.yaml') as PodMonitor
const networkPolicy = manifest('network-policy.yaml') as NetworkPolicy

function portNamed(name: string): number | undefined {
  return container.ports.find((port) => port.name === name)?.containerPort
}

/** The environment of the container, with the secret filled in. */
function environment(): Record<string, string> {
  return Object.fromEntries(container.env.map(({ name, value = token }) => [name, value]))
}

/** Returns the values of all plain options in this environment, by option. */
function resolvedOptions(variables: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(explainConfig({}, variables).map(({ option, value }) => [option, value]))
}

/** Requests a path as the kubelet and Prometheus do: the header names the address of the pod. */
type Get = (path: string, headers?: Fields) => Promise<HttpResponse>

/** Monitoring that the environment of the pod configures, on a free port. */
async function startInPod(config: MonitoringConfig = {}) {
  const port = String(await freePort())
  for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, name.endsWith('_PORT') ? port : value)
  onTestFinished(() => void vi.unstubAllEnvs())
  const monitoring = await startMonitoring({ ...config, logger: collectingLogger() })
  onTestFinished(() => monitoring.close())
  const get: Get = (path, headers = {}) =>
    httpRequest(`http://127.0.0.1:${port}${path}`, { headers: { host: `10.1.2.3:${port}`, ...headers } })
  return { monitoring, get }
}

/** The checks of the process, whose results depend on how busy this machine is. */
const processChecks = ['memory_usage', 'monitoring', 'responsiveness']

/** Health in the pod, of one store with a status that the test sets. Its first check waits for `setStatus`. */
async function startHealthInPod() {
  let status: HealthStatus = 'healthy'
  const isSet = Promise.withResolvers<void>()
  const run = async () => {
    await isSet.promise
    return { status, message: 'As it is' }
  }
  const { monitoring, get } = await startInPod({
    healthCheckIntervalMs: 60_000,
    health: {
      checks: [{ name: 'database_connectivity', store: 'orders', run }],
      settings: Object.fromEntries(processChecks.map((name) => [name, { enabled: false }])),
    },
  })
  const setStatus = async (next: HealthStatus): Promise<void> => {
    status = next
    isSet.resolve()
    await monitoring.healthMonitor.runHealthChecks()
    await monitoring.healthMonitor.runHealthChecks()
  }
  return { get, setStatus, beginShutdown: () => monitoring.beginShutdown() }
}

test('every manifest is a resource, and the README mentions it', () => {
  expect(files.length).toBeGreaterThanOrEqual(4)
  for (const file of files) {
    expect(manifest(file), file).toMatchObject({
      apiVersion: expect.any(String),
      kind: expect.any(String),
      metadata: { name: expect.stringMatching(/^[a-z0-9-]+$/), labels: pod.metadata.labels },
    })
    expect(readme).toContain(`[\`${file}\`](${file})`)
    expect(readme).toMatch(new RegExp(`kubectl apply .*-f ${file}`))
  }
})

test('the environment is a valid configuration for remote access, also with the variables that Kubernetes adds', () => {
  const ofServices = { WOMBAT_SERVICE_HOST: '10.0.0.1', WOMBAT_PORT_9464_TCP_ADDR: '10.0.0.1' }
  const config = resolvedOptions({ ...environment(), ...ofServices })
  expect(config).toMatchObject({ authToken: '(secret)', host: '0.0.0.0', prometheusEnabled: true, jsonApiEnabled: true })
  expect([config['prometheusPort'], config['jsonApiPort']]).toEqual([portNamed('monitoring'), portNamed('monitoring')])
  const { WOMBAT_AUTH_TOKEN: _, ...withoutToken } = environment()
  expect(() => explainConfig({}, withoutToken)).toThrow(/authToken is not set/)
})

test('probes work without a token, and their status codes follow the health', async () => {
  const { get, setStatus, beginShutdown } = await startHealthInPod()
  const probe = async (): Promise<ReadonlyArray<readonly [number, string]>> => {
    const answers = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => {
      expect(httpGet.port).toBe('monitoring')
      return get(httpGet.path, { 'user-agent': 'kube-probe/1.33' })
    })
    return (await Promise.all(answers)).map(({ status, body }) => [status, body.toString()] as const)
  }
  const ok = [200, 'ok'] as const
  const failed = [503, 'failed'] as const
  expect(await probe(), 'before the first check').toEqual([ok, ok, failed])
  await setStatus('healthy')
  expect(await probe(), 'well').toEqual([ok, ok, ok])
  await setStatus('degraded')
  expect(await probe(), 'not so well').toEqual([ok, ok, ok])
  await setStatus('critical')
  expect(await probe(), 'the store is down').toEqual([ok, ok, failed])
  await setStatus('healthy')
  beginShutdown()
  expect(await probe(), 'shutting down').toEqual([ok, ok, failed])
})

test('Prometheus can scrape the metrics with the token of the secret only', async () => {
  const { monitoring, get } = await startInPod()
  await using _store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  const [endpoint, ...others] = podMonitor.spec.podMetricsEndpoints
  expect([endpoint?.port, others]).toEqual(['monitoring', []])
  expect((await get(endpoint?.path ?? '')).status).toBe(401)
  const authorization = `${endpoint?.authorization.type} ${token}`
  const answer = await get(endpoint?.path ?? '', { authorization })
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(answer.body.toString()).toContain('store="orders"')
})

test('the requests of the README return reasons with the token', async () => {
  const { get, setStatus } = await startHealthInPod()
  await setStatus('critical')
  const paths = [...readme.matchAll(/127\.0\.0\.1:9464(\/[^\s']*)/g)].map(([, path = '']) => path)
  expect(paths).toEqual(['/readyz?verbose', '/health'])
  for (const path of paths) {
    const { status, body } = await get(path, { authorization: `Bearer ${token}` })
    expect([status, body.toString()]).toEqual([503, expect.stringContaining('As it is')])
  }
})

test('the files name the same pod, ports, secret and volume', () => {
  const { labels } = pod.metadata
  for (const chosen of [deployment.spec.selector, podMonitor.spec.selector, networkPolicy.spec.podSelector]) {
    expect(chosen.matchLabels).toEqual(labels)
  }
  const networkPolicyPorts = networkPolicy.spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port))
  expect(networkPolicyPorts).toEqual(container.ports.map(({ name }) => name))
  const reference = container.env.find(({ name }) => name === 'WOMBAT_AUTH_TOKEN')?.valueFrom?.secretKeyRef
  expect(podMonitor.spec.podMetricsEndpoints[0]?.authorization.credentials).toEqual(reference)
  expect(readme).toContain(`kubectl create secret generic ${reference?.name} --from-literal=${reference?.key}=`)
  const claims = pod.spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])
  expect(manifest('volume.yaml')).toMatchObject({ kind: 'PersistentVolumeClaim', metadata: { name: claims[0] } })
  expect(container.volumeMounts.map(({ name }) => name)).toEqual(pod.spec.volumes.map(({ name }) => name))
})

test('only Prometheus and the node can reach the monitor', () => {
  const open = networkPolicy.spec.ingress.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports)
  expect(open).toEqual([{ port: 'http' }])
})

test('the grace period is long enough for open requests, the store and the last metrics', () => {
  const closeTimeoutMs = Number(resolvedOptions(environment())['closeTimeoutMs'])
  const before = container.lifecycle.preStop.sleep.seconds
  expect(before + closeTimeoutMs / 1000 + 20).toBeLessThanOrEqual(pod.spec.terminationGracePeriodSeconds)
  const { periodSeconds, failureThreshold } = container.startupProbe
  expect(periodSeconds * failureThreshold).toBe(300)
  for (const { timeoutSeconds, periodSeconds } of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    expect(timeoutSeconds).toBeLessThan(periodSeconds)
  }
  expect(container.resources.limits).toHaveProperty('memory')
})
