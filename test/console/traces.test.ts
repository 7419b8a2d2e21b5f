import { setTimeout as sleep } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { startMonitoring } from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { browserProblem, openBrowser, visibleText } from './browser.ts'

const reason = browserProblem === undefined ? '' : ` (left out: ${browserProblem})`
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error }

test.skipIf(browserProblem !== undefined)(
  `cells of the heat map lead to the traces of their operations, with the pointer and with the keyboard${reason}`,
  { timeout: 90_000 },
  async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    onTestFinished(() => context.disable())
    const monitoring = await startMonitoring({ jsonApiPort: 0, historyIntervalMs: 1000, logger })
    onTestFinished(() => monitoring.close())
    const db = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
    const tracer = new TracerProvider().getTracer('service')
    const traceIds = new Set<string>()
    const timer = setInterval(() => {
      const request = tracer.startSpan('GET /orders')
      traceIds.add(request.spanContext().traceId)
      void context.with(trace.setSpan(context.active(), request), () => db.get('a'))
    }, 100)
    onTestFinished(() => clearInterval(timer))

    const origin = monitoring.addresses.json ?? ''
    const browser = await openBrowser({ origin })
    const { page } = browser
    await page.addInitScript(`localStorage.setItem('wombat-trace-link', 'https://tracing.example/trace/{traceId}')`)
    await page.goto(`${origin}/#/operations?store=orders&range=5m`)
    const traces = page.getByRole('region', { name: 'Traces' })
    await traces.waitFor({ timeout: 60_000 })
    expect(await visibleText(traces)).toMatch(/Slowest traces/)
    const link = traces.getByRole('link').first()
    const address = await link.getAttribute('href')
    expect(traceIds).toContain(address?.replace('https://tracing.example/trace/', ''))
    await link.focus()
    expect(await page.evaluate<string>('document.activeElement.href')).toBe(address)

    // The newest column has some cells with a trace.
    const plot = page.locator('.heat-map canvas')
    const { width = 0 } = (await plot.boundingBox()) ?? {}
    for (let x = width - 12; x > width / 2 && !/Traces of the cell/.test(await visibleText(traces)); x -= 6) {
      for (let y = 20; y < 190; y += 20) {
        if (!/Traces of the cell/.test(await visibleText(traces))) await plot.click({ position: { x, y } })
      }
    }
    expect(await visibleText(traces)).toMatch(/Traces of the cell/)
    // They stay while the map moves on.
    const chosenTrace = await traces.getByRole('link').first().getAttribute('href')
    await sleep(4000)
    expect(await visibleText(traces)).toMatch(/Traces of the cell/)
    expect(await traces.getByRole('link').first().getAttribute('href')).toBe(chosenTrace)
    await browser.screenshot('heat-map-traces')
    await traces.getByRole('button', { name: 'Show the slowest' }).press('Enter')
    expect(await visibleText(traces)).toMatch(/Slowest traces/)

    await page.getByRole('button', { name: /Show Latencies of .* as a table/ }).press('Enter')
    const cell = page
      .getByRole('table', { name: /Latencies of/ })
      .getByRole('link')
      .first()
    expect(await cell.getAttribute('href')).toMatch(/^https:\/\/tracing\.example\/trace\/[0-9a-f]{32}$/)
    expect(await browser.accessibilityProblems()).toEqual([])
    expect(browser.failedRequests).toEqual([])
    expect(browser.problems).toEqual([])
  },
)
