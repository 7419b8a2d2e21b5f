import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer, request as httpsRequest, type RequestOptions } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import { MetricsRegistry } from '@wombat/instrumentation'
import { type CertificateAuthority, createAuthority, writeCertificate } from '@wombat/test-support/certificates'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { Hono } from 'hono'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createHealthSource, createReport, createResult, replaceResults } from '../../test/health-reports.ts'
import { type MonitoringConfig, resolveConfig } from '../config/resolve-config.ts'
import type { TlsOptions } from '../config/structured-options.ts'
import { Authentication } from './authentication.ts'
import { ServerConnections } from './limits/connections.ts'
import { RequestLimits } from './limits/request-limits.ts'
import { withMiddleware } from './middleware.ts'
import { createNodeHandler } from './node-handler.ts'
import { healthRoutes } from './routes/health.ts'
import { HttpServers } from './servers.ts'
import { ServerTls } from './tls.ts'

let authority: CertificateAuthority
beforeAll(async () => {
  authority = await createAuthority()
})

const routes = {
  prometheus: new Hono().get('/metrics', (context) => context.text('text')),
  json: new Hono().get('/api/v1/metrics', (context) => context.json([])),
  health: healthRoutes(
    createHealthSource(createReport(replaceResults(createResult('critical', 'disk_space', 'orders', 'full')))),
  ),
}

/** Starts the JSON server with a certificate of the test authority. */
async function serving(tls: TlsOptions, config: MonitoringConfig = {}) {
  const logger = collectingLogger()
  const registry = new MetricsRegistry()
  const options = {
    ...resolveConfig({ jsonApiPort: 0, tls, ...config }, {}),
    tls,
    chosenOptions: new Set<string>(),
    logger,
    registry,
  }
  const authentication = new Authentication(options)
  const servers = new HttpServers(options, async () => ({ ...routes, authentication }))
  onTestFinished(() => servers.close())
  await servers.start()
  return { url: servers.addresses.json ?? '', logger, registry, servers }
}

async function certificateFiles(name = 'server'): Promise<{ readonly files: TlsOptions; readonly folder: string }> {
  const folder = await temporaryFolder()
  return { files: await writeCertificate(folder, await authority.issue(name)), folder }
}

/** Sends one request over TLS. */
function ask(url: string, options: RequestOptions = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string; subject: string }>((resolve, reject) => {
    httpsRequest(url, { ca: authority.cert, agent: false, ...options }, async (response) => {
      const subject = String((response.socket as TLSSocket).getPeerCertificate().subject?.CN)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: String(await buffer(response)), subject })
    })
      .once('error', reject)
      .end()
  })
}

/** Returns the value of a metric without labels. */
function readMetric(registry: MetricsRegistry, name: string): unknown {
  return registry.getAllMetrics().find((metric) => metric.name === name)?.value
}

test('with tls, the servers answer over TLS only, and their addresses say so', async () => {
  const { url, logger, registry } = await serving((await certificateFiles()).files)
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  expect((await ask(`${url}/api/v1/metrics`)).status).toBe(200)
  await expect(httpRequest(url.replace('https', 'http'))).rejects.toThrow()
  await vi.waitFor(() => expect(readMetric(registry, 'wombat_monitor_tls_handshake_failures_total')).toBe(1))
  expect(logger.lines).toMatchObject([
    { level: 'warn', message: expect.stringContaining('it sent plain HTTP: use an address that begins with https') },
  ])
})

test('a client with TLS 1.1 is refused, and one with TLS 1.2 is not', async () => {
  const { url } = await serving((await certificateFiles()).files)
  const ciphers = 'DEFAULT:@SECLEVEL=0'
  await expect(ask(url, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers })).rejects.toThrow(/version|protocol/i)
  expect((await ask(`${url}/livez`, { maxVersion: 'TLSv1.2' })).status).toBe(200)
})

test('with clientCa, only clients with a certificate of that authority can connect, and they see details', async () => {
  const { files, folder } = await certificateFiles()
  const clientCa = join(folder, 'clients.crt')
  const clients = await createAuthority('Clients')
  await writeFile(clientCa, clients.cert)
  const { url, logger } = await serving({ ...files, clientCa }, { host: '0.0.0.0' })
  const address = url.replace('0.0.0.0', '127.0.0.1')
  await expect(ask(`${address}/livez`)).rejects.toThrow()
  await expect(ask(`${address}/livez`, await authority.issue('stranger'))).rejects.toThrow()
  const headers = { host: 'monitor.example.org' }
  const own = await clients.issue('prometheus')
  const answer = await ask(`${address}/health`, { ...own, headers })
  expect([answer.status, answer.body]).toEqual([503, expect.stringContaining('orders:disk_space')])
  expect(logger.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining('tls.clientCa requires one'))
})

test('a certificate that is renewed is used for the next connection, and those that are open stay open', async () => {
  const { files, folder } = await certificateFiles('old')
  const { url, logger } = await serving(files)
  const { port } = new URL(url)
  const open = connect({ port: Number(port), host: '127.0.0.1', ca: authority.cert })
  onTestFinished(() => void open.destroy())
  await once(open, 'secureConnect')
  await writeCertificate(folder, await authority.issue('new'))
  await vi.waitFor(async () => expect((await ask(`${url}/livez`)).subject).toBe('new'), { timeout: 10_000 })
  expect(logger.lines.map(({ message }) => message)).toEqual(['a file that has changed was read again, and is in use'])
  open.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  expect(String(await buffer(open))).toMatch(/^HTTP\/1\.1 200 /)
})

test('a client authority that is replaced ends the sessions of the old one', async () => {
  const { files, folder } = await certificateFiles()
  const clientCa = join(folder, 'clients.crt')
  const [before, after] = [await createAuthority('Before'), await createAuthority('After')]
  await writeFile(clientCa, before.cert)
  const { url } = await serving({ ...files, clientCa })
  const old = await before.issue('client')
  let session: Buffer | undefined
  const first = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ca: authority.cert, ...old })
  first.on('session', (ticket) => {
    session = ticket
  })
  await vi.waitFor(() => expect(session).toBeDefined())
  first.destroy()
  expect((await ask(`${url}/livez`, { ...old, ...(session && { session }) })).status).toBe(200)
  await writeFile(clientCa, after.cert)
  const own = await after.issue('client')
  await vi.waitFor(async () => expect((await ask(`${url}/livez`, own)).status).toBe(200), { timeout: 10_000 })
  await expect(ask(`${url}/livez`, { ...old, ...(session && { session }) })).rejects.toThrow()
})

test('a renewed certificate that cannot be used is logged and counted, and the old one stays in use', async () => {
  const { files } = await certificateFiles('old')
  const { url, logger, registry } = await serving(files)
  await writeFile(files.key, (await authority.issue('other')).key)
  await vi.waitFor(() => expect(readMetric(registry, 'wombat_monitor_reload_failures_total')).toBe(1), { timeout: 10_000 })
  expect(logger.lines).toMatchObject([
    { level: 'error', fields: { option: 'tls', reason: expect.stringContaining('is not that of the certificate in') } },
  ])
  expect((await ask(`${url}/livez`)).subject).toBe('old')
})

test.each([
  ['a missing certificate', { cert: 'absent.crt' }, /^.*tls: cert: cannot read ".*absent\.crt": the file does not exist/s],
  ['a missing key', { key: 'absent.key' }, /tls: key: cannot read ".*absent\.key": the file does not exist/],
  ['a folder', { cert: '.' }, /tls: cert: cannot read .*: it is a folder/],
  ['a certificate that is none', { cert: 'text' }, /tls: cert: ".*text" has no certificate/],
  ['a certificate that is damaged', { cert: 'damaged' }, /tls: cert: certificate 1 of ".*damaged" cannot be read/],
  ['a key that is none', { key: 'text' }, /tls: key: ".*text" has no private key that can be used/],
  ['an encrypted key', { key: 'encrypted' }, /tls: key: ".*encrypted" is encrypted: decrypt it/],
  ['the key of another certificate', { key: 'other.key' }, /tls: key: the key in ".*other\.key" is not that of the certificate/],
  ['a client authority that is none', { clientCa: 'text' }, /tls: clientCa: ".*text" has no certificate/],
])('%s is an error that names the file, and quotes nothing of it', async (_, wrong: Partial<TlsOptions>, message) => {
  const { files, folder } = await certificateFiles()
  await writeFile(join(folder, 'text'), 'a-secret-text')
  await writeFile(join(folder, 'damaged'), '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n')
  await writeFile(
    join(folder, 'encrypted'),
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n',
  )
  await writeFile(join(folder, 'other.key'), (await authority.issue('other')).key)
  const paths = Object.fromEntries(Object.entries(wrong).map(([name, path]) => [name, join(folder, path ?? '')]))
  const failure = serving({ ...files, ...paths })
  await expect(failure).rejects.toThrow(message)
  await expect(failure).rejects.not.toThrow(/a-secret-text|aGVsbG8/)
})

test.skipIf(process.getuid?.() === 0)(
  'a key that this user may not read is an error that says so (left out: root may read all)',
  async () => {
    const { files } = await certificateFiles()
    await chmod(files.key, 0)
    await expect(serving(files)).rejects.toThrow('this user may not read the file')
  },
)

test('the time until the certificate expires is a metric, and an expired one is logged at the start', async () => {
  const folder = await temporaryFolder()
  const soon = await writeCertificate(folder, await authority.issue('server', { notAfter: new Date(Date.now() + 3_600_000) }))
  const { registry } = await serving(soon)
  expect(readMetric(registry, 'wombat_monitor_tls_certificate_remaining_seconds')).toBeGreaterThan(3500)
  expect(readMetric(registry, 'wombat_monitor_tls_certificate_remaining_seconds')).toBeLessThanOrEqual(3600)
  const ended = await writeCertificate(folder, await authority.issue('server', { notAfter: new Date(Date.now() - 3_600_000) }))
  const expired = await serving(ended)
  expect(readMetric(expired.registry, 'wombat_monitor_tls_certificate_remaining_seconds')).toBeLessThan(-3500)
  expect(expired.logger.lines).toMatchObject([{ level: 'error', message: expect.stringContaining('has expired') }])
})

test('close does not wait for a client that never ends its handshake', async () => {
  const { servers, url } = await serving((await certificateFiles()).files)
  const client = connectTcp(Number(new URL(url).port), '127.0.0.1')
  client.on('error', () => {})
  await once(client, 'connect')
  const closed = once(client, 'close')
  await servers.close()
  await closed
})

test('handshakes that never end do not keep another client out', async () => {
  const { cert, key } = await authority.issue('server')
  const server = createServer({ cert, key }, (_, response) => response.end('here'))
  const registry = new MetricsRegistry()
  registry.warn = () => {}
  new ServerConnections(server, new RequestLimits({ registry }), 5)
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const clients = Array.from({ length: 20 }, () => connectTcp(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(() => {
    for (const client of clients) client.destroy()
  })
  await vi.waitFor(() => expect(clients.filter(({ closed }) => closed)).toHaveLength(15))
  for (let request = 0; request < 3; request++) expect((await ask(`https://127.0.0.1:${port}/`)).status).toBe(200)
  expect(registry.counter('wombat_monitor_requests_refused_total', { reason: 'connections' }).value).toBeGreaterThanOrEqual(16)
})

test('HSTS is sent by a server that terminates TLS, and not to localhost', async () => {
  const { url } = await serving((await certificateFiles()).files, { host: '127.0.0.1' })
  const hsts = async (host?: string) =>
    (await ask(`${url}/livez`, host === undefined ? {} : { headers: { host } })).headers['strict-transport-security']
  expect(await hsts()).toBe('max-age=15552000')
  expect(await hsts('localhost:8080')).toBeUndefined()
})

test('no handler that an application mounts sends HSTS, whatever its server does', async () => {
  const app = withMiddleware([routes.json], new Authentication())
  const direct = await app.fetch(new Request('https://monitor.example.org/api/v1/metrics'))
  expect(direct.headers.get('strict-transport-security')).toBeNull()
  const { cert, key } = await authority.issue('server')
  const server = createServer({ cert, key }, createNodeHandler(app, { isLoopbackOnly: false }))
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const answer = await ask(`https://127.0.0.1:${port}/api/v1/metrics`)
  expect([answer.status, answer.headers['strict-transport-security']]).toEqual([200, undefined])
})

test('a server is not created before the files are read', () => {
  const tls = new ServerTls({ files: { cert: 'a', key: 'b' }, logger: collectingLogger() })
  expect(() => tls.createServer()).toThrow('call start() first')
})
