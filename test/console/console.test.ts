import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type BrowserPage, browserProblem, openBrowser, visibleText } from './browser.ts'
import { type RunningDemo, runDemo } from './running-demo.ts'

const reason = browserProblem === undefined ? '' : ` (left out: ${browserProblem})`
const testTimeoutMs = 90_000

/** Every view, by its address, with a text that it shows only if it has data of the demo. */
const views: ReadonlyArray<readonly [name: string, route: string, text: RegExp]> = [
  ['overview', 'stores', /corrupted data was found/i],
  ['operations', 'operations?store=orders&range=15m', /Latencies of all operations over time/],
  ['engine of LevelDB', 'engine?store=orders&range=15m', /level 0/i],
  ['engine of LMDB', 'engine?store=products&range=15m', /map/i],
  ['engine of SQLite', 'engine?store=invoices&range=15m', /write-ahead log|WAL/],
  ['engine of a cache', 'engine?store=sessions&range=15m', /./],
  ['health', 'health?range=15m', /corrupted data was found/i],
  ['alerts', 'alerts?range=15m', /DataCorruption/],
  ['slow operations', 'slow?range=15m', /orders/],
  ['explore', 'explore?metric=db_get_operations_total&function=rate&by=store&range=15m', /db_get_operations_total/],
  ['configuration', 'configuration', /slowQueryThresholdMs/],
]

/** Opens a view and waits until it shows its text. */
async function show({ page }: BrowserPage, url: string, route: string, text: RegExp): Promise<void> {
  await page.goto(`${url}#/${route}`)
  await expect.poll(() => visibleText(page.locator('main')), { timeout: 20_000 }).toMatch(text)
}

/** Returns by how many pixels the page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}

describe.skipIf(browserProblem !== undefined)(`the console in a browser${reason}`, { timeout: testTimeoutMs }, () => {
  let demo: RunningDemo

  beforeAll(async () => {
    demo = await runDemo()
    // The first moments: an import that stalls LevelDB.
    await sleep(25_000)
  }, 120_000)
  afterAll(() => demo?.stop())

  describe.each(views)('%s', (name, route, text) => {
    test.each(['light', 'dark'] as const)(
      'has data, no errors and nothing that hinders readers, in %s colors',
      async (colorScheme) => {
        const browser = await openBrowser({ origin: demo.origin, colorScheme })
        await show(browser, demo.url, route, text)
        await sleep(1500)
        await browser.screenshot(`${name.replaceAll(' ', '-')}-${colorScheme}`)
        expect(await browser.accessibilityProblems()).toEqual([])
        expect(browser.problems).toEqual([])
        expect(browser.failedRequests).toEqual([])
      },
    )

    test.each([360, 2560])('fits into a window of %s pixels', async (width) => {
      const browser = await openBrowser({ origin: demo.origin, width, height: width === 360 ? 740 : 1440 })
      await show(browser, demo.url, route, text)
      await sleep(1500)
      await browser.screenshot(`${name.replaceAll(' ', '-')}-${width}`)
      expect(await overflow(browser.page)).toBe(0)
      expect(browser.problems).toEqual([])
    })
  })

  test('an address restores the view, the store, the range and the filters after a reload', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await show(browser, demo.url, 'stores', /orders/)
    await page.getByRole('link', { name: 'Operations', exact: true }).click()
    await page.getByRole('combobox', { name: 'Store' }).selectOption('orders')
    await page.getByRole('button', { name: '6h' }).click()
    await page.getByRole('rowheader', { name: 'get', exact: true }).getByRole('link').click()
    await expect.poll(() => page.url()).toMatch(/#\/operations\?.*operation=get/)
    const address = page.url()
    await page.reload()
    await expect.poll(() => page.getByRole('combobox', { name: 'Store' }).inputValue()).toBe('orders')
    expect(page.url()).toBe(address)
    expect(await page.getByRole('button', { name: '6h' }).getAttribute('aria-pressed')).toBe('true')
    await page.goBack()
    await expect.poll(() => page.url()).not.toContain('operation=get')
    expect(browser.problems).toEqual([])
  })

  test('dragging over a chart zooms the whole page, and a double click returns', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await show(browser, demo.url, 'operations?store=orders&range=15m', /Operations per second/)
    const over = page.locator('.u-over').first()
    await over.waitFor()
    const box = await over.boundingBox()
    if (box === null) throw new Error('the chart is not visible')
    const drag = async (from: number, to: number): Promise<void> => {
      await page.mouse.move(box.x + box.width * from, box.y + box.height / 2)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * to, box.y + box.height / 2, { steps: 8 })
      await page.mouse.up()
    }
    await drag(0.8, 0.95)
    await expect.poll(() => page.url()).toMatch(/from=\d+.*to=\d+|to=\d+.*from=\d+/)
    await sleep(1000)
    await browser.screenshot('zoomed')
    await page.locator('.u-over').first().dblclick()
    await expect.poll(() => page.url()).not.toMatch(/from=/)
    expect(browser.problems).toEqual([])
  })

  test('a chart shows the time, the values and the events at the pointer, and the same values as a table', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await show(browser, demo.url, 'operations?store=orders&range=15m', /Operations per second/)
    const pointAt = async (selector: string, place = 0.9): Promise<void> => {
      const element = page.locator(selector).first()
      await element.waitFor()
      await element.scrollIntoViewIfNeeded()
      const box = await element.boundingBox()
      if (box === null) throw new Error(`${selector} is not visible`)
      await page.mouse.move(box.x + box.width * place, box.y + box.height / 2, { steps: 3 })
    }
    await pointAt('.u-over')
    await expect.poll(() => visibleText(page.locator('.cursor-box'))).toMatch(/^\d\d:\d\d:\d\d\s+get\s+[\d,.]+ \/s/)
    await browser.screenshot('pointer')
    // A busy machine misses samples: their columns are empty.
    let place = 0.95
    const readNextColumn = async (): Promise<string> => {
      place -= 0.05
      await pointAt('.heat-map canvas', place)
      return await visibleText(page.locator('.heat-map .cursor-box'))
    }
    await expect.poll(readNextColumn, { timeout: 5000 }).toMatch(/all operations\s+[\d,]+/)
    await page.getByRole('button', { name: 'Show Latencies of all operations over time as a table' }).click()
    await page.getByRole('region', { name: 'Latencies of all operations over time' }).waitFor()
    expect(browser.problems).toEqual([])
  })

  test('on a phone, the P99 of each operation is in sight', async () => {
    const browser = await openBrowser({ origin: demo.origin, width: 360, height: 740 })
    const { page } = browser
    await show(browser, demo.url, 'operations?store=orders&range=15m', /orders/)
    const box = await page.getByRole('columnheader', { name: 'P99' }).boundingBox()
    expect((box?.x ?? 360) + (box?.width ?? 0)).toBeLessThan(360)
    await expect.poll(() => page.getByRole('columnheader', { name: 'Count' }).count()).toBe(0)
  })

  test('a view that is opened has the focus at its heading and its name in the title of the document', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await show(browser, demo.url, 'stores', /orders/)
    await page.getByRole('link', { name: 'orders', exact: true }).first().click()
    await expect.poll(() => page.title()).toBe('Operations · orders · wombat-demo · Wombat')
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Operations')
  })

  test('the keyboard reaches the content, the navigation and every choice', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await show(browser, demo.url, 'operations?store=orders&range=15m', /orders/)
    const focused: string[] = []
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab')
      focused.push(
        await page.evaluate<string>(
          '(document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "").trim()',
        ),
      )
    }
    for (const name of [/Skip to the content/, /^Overview$/, /^Store$/, /^15m$/, /^Pause$/]) {
      expect(
        focused.some((text) => name.test(text)),
        String(name),
      ).toBe(true)
    }
  })

  test('a moment of the demo is named on the page', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    await show(browser, demo.url, 'operations?store=orders&range=15m', /orders/)
    await browser.page.getByText('Marks').click()
    await expect.poll(() => visibleText(browser.page.locator('body'))).toMatch(/annotation|application/i)
  })

  test('slow operations are filtered by the address, and the filters are shown', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    await show(browser, demo.url, 'slow?store=damaged&range=15m', /./)
    await sleep(1500)
    expect(await visibleText(browser.page.locator('main'))).not.toMatch(/\borders\b/)
    expect(browser.problems).toEqual([])
  })
})

describe.skipIf(browserProblem !== undefined)(`the console with a token${reason}`, { timeout: testTimeoutMs }, () => {
  const token = 'a-secret-of-the-tests-0123456789'

  test('a wrong token is refused, the right one shows the view of the address, and signing out hides everything', async () => {
    const demo = await runDemo({ environment: { WOMBAT_AUTH_TOKEN: token } })
    onTestFinished(() => demo.stop())
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await page.goto(`${demo.url}#/health`)
    await page.getByRole('heading', { name: 'Sign in to Wombat' }).waitFor()
    expect(await visibleText(page.locator('body'))).not.toMatch(/orders|wombat-demo/)
    await page.getByLabel('Token').fill('wrong-token-0123456789')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect.poll(() => visibleText(page.getByRole('alert'))).toMatch(/not valid/)
    await browser.screenshot('wrong-token')
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor()
    const cookies = await browser.context.cookies()
    expect(cookies).toMatchObject([{ name: expect.stringMatching(/^wombat_session/), httpOnly: true, sameSite: 'Strict' }])
    expect(JSON.stringify(await page.evaluate('({ ...localStorage, ...sessionStorage })'))).not.toContain(token)
    await page.reload()
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Wombat' }).waitFor()
    expect((await page.request.get(`${demo.url}api/v1/stores`)).status()).toBe(401)
    expect(browser.problems).toEqual([])
  })
})

describe.skipIf(browserProblem !== undefined)(
  `the console while the process restarts${reason}`,
  { timeout: testTimeoutMs },
  () => {
    test('it says since when there is no answer, continues by itself, and shows the history of the process before', async () => {
      const folder = await temporaryFolder()
      const port = await freePort()
      const environment = { WOMBAT_HISTORY_PATH: join(folder, 'history.db') }
      const first = await runDemo({ port, environment })
      onTestFinished(() => first.stop())
      const browser = await openBrowser({ origin: first.origin })
      const { page } = browser
      await show(browser, first.url, 'operations?store=orders&range=15m', /get/)
      await sleep(12_000)
      await first.stop()
      await expect.poll(() => visibleText(page.locator('body'))).toMatch(/no answer/i)
      await browser.screenshot('no-answer')
      const second = await runDemo({ port, environment })
      onTestFinished(() => second.stop())
      await expect.poll(() => visibleText(page.getByRole('status').first()), { timeout: 30_000 }).toMatch(/live/i)
      const answer = await page.request.get(`${second.url}api/v1/events?limit=2000`)
      const { events } = (await answer.json()) as { events: Array<{ kind: string; details: { change?: string } }> }
      expect(events.filter(({ kind, details }) => kind === 'process' && details.change === 'started')).toHaveLength(2)
      await sleep(3000)
      await browser.screenshot('after-restart')
      expect(browser.problems).toEqual([])
    })
  },
)
