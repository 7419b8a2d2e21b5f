import { setTimeout as sleep } from 'node:timers/promises'
import { type Monitoring, startMonitoring } from '@wombat/monitor'
import { createDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { load, smallMemtables, waitUntilIdle } from '@wombat/test-support/rocksdb-load'
import { expect, onTestFinished, test } from 'vitest'
import { browserProblem, openBrowser, visibleText } from './browser.ts'

const reason = browserProblem === undefined ? '' : ` (left out: ${browserProblem})`
const testTimeoutMs = 90_000
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error }

/** Starts a monitoring with a console, which is closed when the test ends. */
async function start(): Promise<{ monitoring: Monitoring; url: string; origin: string }> {
  const monitoring = await startMonitoring({ jsonApiPort: 0, historyIntervalMs: 1000, logger })
  onTestFinished(() => monitoring.close())
  const origin = monitoring.addresses.json ?? ''
  return { monitoring, origin, url: `${origin}/` }
}

/** Calls `work` every 100 ms until the test ends. */
function keepWorking(work: () => unknown): void {
  const timer = setInterval(() => void work(), 100)
  onTestFinished(() => clearInterval(timer))
}

test.skipIf(browserProblem !== undefined)(
  `200 stores are listed, searched and sorted${reason}`,
  { timeout: testTimeoutMs },
  async () => {
    const { monitoring, url, origin } = await start()
    const stores = Array.from({ length: 200 }, (_, index) =>
      monitoring.instrument(new Map<string, string>(), { name: `store${String(index + 1).padStart(3, '0')}` }),
    )
    keepWorking(() => {
      for (const [index, store] of stores.entries()) store.set('key', String(index)).get('key')
    })
    await sleep(5000)
    const browser = await openBrowser({ origin })
    const { page } = browser
    await page.goto(`${url}#/stores`)
    await page.getByText('200 stores').waitFor()
    await sleep(4000)
    await page.screenshot()
    await page.getByRole('searchbox').fill('store137')
    await expect
      .poll(async () => (await visibleText(page.getByRole('region', { name: 'Stores' }))).match(/store\d{3}/g))
      .toEqual(['store137'])
    await page.getByRole('link', { name: 'store137' }).click()
    await expect.poll(() => page.url()).toContain('store=store137')
    await expect.poll(() => visibleText(page.locator('main'))).toMatch(/per second/i)
    expect(browser.failedRequests).toEqual([])
    expect(browser.problems).toEqual([])
  },
)

test.skipIf(browserProblem !== undefined || !isRocksdbInstalled)(
  rocksdbTitle(`the engine of RocksDB is shown with its levels and its work${reason}`),
  { timeout: testTimeoutMs },
  async () => {
    const { monitoring, url, origin } = await start()
    const store = monitoring.instrument(await createDatabase(smallMemtables), { name: 'rocks' })
    await store.ready()
    onTestFinished(() => store.close())
    await load(store)
    await waitUntilIdle(store)
    await sleep(4000)
    const browser = await openBrowser({ origin })
    await browser.page.goto(`${url}#/engine?store=rocks&range=15m`)
    await expect.poll(() => visibleText(browser.page.locator('main')), { timeout: 20_000 }).toMatch(/level 0/i)
    await expect.poll(() => visibleText(browser.page.locator('main'))).toMatch(/compaction/i)
    await sleep(1500)
    await browser.screenshot('engine-of-RocksDB')
    expect(await browser.accessibilityProblems()).toEqual([])
    expect(browser.failedRequests).toEqual([])
    expect(browser.problems).toEqual([])
  },
)
