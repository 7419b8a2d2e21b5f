import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startMonitoring } from '@wombat/monitor'
import { describe, expect, onTestFinished, test } from 'vitest'
import { browserProblem, openBrowser } from './browser.ts'

const reason = browserProblem === undefined ? '' : ` (left out: ${browserProblem})`
const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Starts the endpoints, and a server with a page of another site, which has a link to the console. */
async function startBoth() {
  const monitoring = await startMonitoring({ logger: silent, jsonApiPort: 0, consoleEnabled: true })
  onTestFinished(() => monitoring.close())
  const { json = '' } = monitoring.addresses
  const other = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<title>Another site</title><a href="${json}/">console</a><a href="${json}/api/v1/metrics">metrics</a>`)
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    other.closeAllConnections()
    other.close()
  })
  return { monitoring, json, port: (other.address() as AddressInfo).port }
}

/** A script of the page: it asks in every way that needs no permission of the endpoints. */
const attack = (target: string) => `(async () => {
  const paths = ['/api/v1/metrics', '/api/v1/query_range?metric=db_queue_depth', '/health', '/readyz', '/']
  for (const path of paths) {
    await fetch('${target}' + path, { mode: 'no-cors', credentials: 'include' }).catch(() => {})
    await fetch('${target}' + path).catch(() => {})
    await new Promise((resolve) => Object.assign(new Image(), { onload: resolve, onerror: resolve, src: '${target}' + path }))
    await new Promise((resolve) => document.body.append(Object.assign(document.createElement('script'), { onload: resolve, onerror: resolve, src: '${target}' + path })))
    await new Promise((resolve) => document.body.append(Object.assign(document.createElement('iframe'), { onload: resolve, onerror: resolve, src: '${target}' + path })))
  }
  await fetch('${target}/api/v1/session', { method: 'POST', mode: 'no-cors', body: 'token=x' }).catch(() => {})
  await new Promise((resolve) => {
    const stream = new EventSource('${target}/api/v1/events/stream')
    stream.onerror = stream.onopen = () => { stream.close(); resolve() }
  })
})()`

describe.skipIf(browserProblem !== undefined)(`a page of another site in a browser${reason}`, { timeout: 90_000 }, () => {
  test.each(['127.0.0.1', 'localhost'])('from %s, it gets 403 for everything but a link to the console', async (host) => {
    const { monitoring, json, port } = await startBoth()
    const { page } = await openBrowser({ origin: json })
    const statuses: number[] = []
    page.on('response', (response) => {
      if (response.url().startsWith(json)) statuses.push(response.status())
    })
    await page.goto(`http://${host}:${port}/`)
    await page.evaluate(attack(json))
    // The browser does not report those that it blocks itself, after the answer.
    expect(new Set(statuses)).toEqual(new Set([403]))
    const refused = (await monitoring.metrics()).find(({ labels }) => labels['reason'] === 'cross_site')
    expect(Number(refused && 'value' in refused ? refused.value : undefined)).toBeGreaterThan(25)
    await page.getByRole('link', { name: 'metrics' }).click()
    await page.getByText('the request comes from another origin').waitFor()
    await page.goBack()
    await page.getByRole('link', { name: 'console' }).click()
    await page.getByRole('navigation').first().waitFor()
    expect((await page.goto(`${json}/api/v1/metrics`))?.status()).toBe(200)
  })
})
