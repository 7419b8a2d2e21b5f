import { httpRequest } from '@wombat/test-support/http-request'
import { expect, onTestFinished, test } from 'vitest'
import { startMonitoring } from '../start-monitoring.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Starts all endpoints on two servers. */
async function serving(options: { readonly authToken?: string } = {}) {
  const monitoring = await startMonitoring({
    ...options,
    logger: silent,
    jsonApiPort: 0,
    prometheusEnabled: true,
    prometheusPort: 0,
    historyIntervalMs: 100,
  })
  onTestFinished(() => monitoring.close())
  const { json = '', prometheus = '' } = monitoring.addresses
  return { monitoring, json, prometheus, host: new URL(json).host }
}

/** What Chrome sends with a request of a page of another site, from an image, a script, `fetch` and a form. */
const crossSite = [
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', origin: 'https://evil.example' },
  // Of another port of this machine.
  { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', origin: 'http://localhost:3000' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  // Of browsers without these headers.
  { origin: 'https://evil.example' },
  { origin: 'null' },
]

const paths = [
  ...['/api/v1/metrics', '/api/v1/alerts', '/api/v1/rules', '/api/v1/stores', '/api/v1/events', '/api/v1/events/stream'],
  ...['/api/v1/query?query=db_get_latency_seconds', '/api/v1/query_range?metric=db_queue_depth&start=0&end=1&step=1'],
  ...['/api/v1/heatmap', '/api/v1/catalog', '/api/v1/slow-operations', '/api/v1/errors', '/api/v1/workers', '/api/v1/config'],
  ...['/api/v1/health', '/api/v1/session', '/api/v1/openapi.json', '/metrics', '/health', '/livez', '/readyz', '/', '/nothing'],
]

test('a request that a page of another site makes in a browser is answered with 403 on every path', async () => {
  const { json, prometheus, monitoring } = await serving()
  let count = 0
  for (const headers of crossSite) {
    for (const [url, ownPaths] of [
      [json, paths],
      [prometheus, ['/metrics', '/readyz']],
    ] as const) {
      for (const path of ownPaths) {
        const { status, body } = await httpRequest(`${url}${path}`, { headers })
        expect([status, JSON.parse(body.toString())], `${path} ${JSON.stringify(headers)}`).toEqual([
          403,
          { error: expect.stringMatching(/^the request comes from another origin/) },
        ])
        count++
      }
    }
  }
  const refused = (await monitoring.metrics()).find(
    ({ name, labels }) => name === 'wombat_monitor_requests_refused_total' && labels['reason'] === 'cross_site',
  )
  expect(refused).toMatchObject({ value: count })
})

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])('so is one with the method %s', async (method) => {
  const { json } = await serving()
  for (const headers of crossSite) {
    for (const path of ['/api/v1/session', '/api/v1/config', '/api/v1/silences', '/api/v1/health', '/']) {
      expect((await httpRequest(`${json}${path}`, { method, headers })).status, path).toBe(403)
    }
  }
})

test('a request of another site with the token gets nothing either: a browser may have kept it', async () => {
  const authToken = 'a-token-of-sixteen-or-more'
  const { json } = await serving({ authToken })
  const authorization = `Bearer ${authToken}`
  expect((await httpRequest(`${json}/api/v1/metrics`, { headers: { authorization } })).status).toBe(200)
  for (const headers of crossSite) {
    expect((await httpRequest(`${json}/api/v1/metrics`, { headers: { ...headers, authorization } })).status).toBe(403)
  }
})

test('an address that is typed, the console, and clients that are no browser get their answers', async () => {
  const { json, prometheus, host } = await serving()
  const typed = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' }
  const console = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
  const withOrigin = { origin: `http://${host}` }
  for (const headers of [typed, console, withOrigin, {}, { 'user-agent': 'curl/8.5.0' }, { 'user-agent': 'kube-probe/1.33' }]) {
    for (const path of ['/api/v1/metrics', '/api/v1/alerts', '/api/v1/session', '/livez', '/']) {
      expect((await httpRequest(`${json}${path}`, { headers })).status, path).toBe(200)
    }
    expect((await httpRequest(`${json}/nothing`, { headers })).status).toBe(404)
  }
  for (const headers of [typed, {}, { 'user-agent': 'Prometheus/3.5.0', accept: 'application/openmetrics-text' }]) {
    expect((await httpRequest(`${prometheus}/metrics`, { headers })).status).toBe(200)
  }
})

test('a link of another site leads to the page of the console, and to nothing else', async () => {
  const { json } = await serving()
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  expect((await httpRequest(`${json}/`, { headers })).status).toBe(200)
  expect((await httpRequest(`${json}/?store=orders`, { headers })).status).toBe(200)
  for (const path of ['/api/v1/metrics', '/health', '/nothing']) {
    expect((await httpRequest(`${json}${path}`, { headers })).status, path).toBe(403)
  }
  expect((await httpRequest(`${json}/`, { method: 'POST', headers })).status).toBe(403)
})

test('monitoring.fetch rejects a request of another site, too', async () => {
  const { monitoring } = await serving()
  const headers = { 'sec-fetch-site': 'cross-site', host: 'orders.example' }
  expect((await monitoring.fetch(new Request('http://orders.example/api/v1/metrics', { headers }))).status).toBe(403)
  const own = { 'sec-fetch-site': 'same-origin', host: 'orders.example' }
  expect((await monitoring.fetch(new Request('http://orders.example/api/v1/metrics', { headers: own }))).status).toBe(200)
})
