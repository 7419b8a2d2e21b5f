import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import bcrypt from 'bcryptjs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrowserPage, browserProblem, openBrowser, visibleText } from './browser.ts'
import { type RunningDemo, runDemo } from './running-demo.ts'

const reason = browserProblem === undefined ? '' : ` (left out: ${browserProblem})`
const testTimeoutMs = 90_000
const token = 'a-secret-of-the-tests-0123456789'

async function fillIn(page: Page, value: string): Promise<void> {
  await page.getByLabel('Token').fill(value)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function signIn({ page }: BrowserPage, address: string): Promise<void> {
  await page.goto(address)
  await fillIn(page, token)
  await page.getByRole('heading', { name: 'Slow and failed', level: 1 }).waitFor()
}

/** Ends the session as another tab does. */
async function endSession({ page }: BrowserPage, demo: RunningDemo): Promise<void> {
  const address = `${demo.url}api/v1/session`
  const { csrfToken } = (await (await page.request.get(address)).json()) as { csrfToken: string }
  const headers = { 'x-wombat-csrf': csrfToken, origin: demo.origin }
  expect((await page.request.delete(address, { headers })).status()).toBe(204)
}

describe.skipIf(browserProblem !== undefined)(`the sign-in of the console${reason}`, { timeout: testTimeoutMs }, () => {
  let demo: RunningDemo
  beforeAll(async () => {
    demo = await runDemo({ environment: { WOMBAT_AUTH_TOKEN: token } })
  }, 60_000)
  afterAll(() => demo?.stop())

  test('a session that ends while the page is open is told, and the same view with its filters returns after signing in', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await signIn(browser, `${demo.url}#/slow?store=orders&cause=store&range=1h`)
    const address = page.url()
    await endSession(browser, demo)
    await page.getByText('Your session has ended').waitFor()
    expect(await visibleText(page.locator('body'))).not.toMatch(/orders|wombat-demo/)
    expect(await browser.accessibilityProblems()).toEqual([])
    await browser.screenshot('session-ended')
    await fillIn(page, token)
    await page.getByRole('button', { name: /^store/, pressed: true }).waitFor()
    expect(page.url()).toBe(address)
    expect(await page.getByRole('combobox', { name: 'Store' }).inputValue()).toBe('orders')
    await expect.poll(() => visibleText(page.getByRole('status').first())).toMatch(/live/i)
    expect(browser.problems).toEqual([])
  })

  test('a reader who signs out is not told that the session has ended', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    await signIn(browser, `${demo.url}#/slow`)
    await browser.page.getByRole('button', { name: 'Sign out' }).click()
    await browser.page.getByRole('heading', { name: 'Sign in to Wombat' }).waitFor()
    expect(await visibleText(browser.page.locator('body'))).not.toMatch(/has ended/)
  })

  test('a tab can still change something and sign out after another tab has signed in anew', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page, context } = browser
    await signIn(browser, `${demo.url}#/slow`)
    const headers = { origin: demo.origin }
    const other = await context.request.post(`${demo.url}api/v1/session`, { data: { token }, headers })
    expect(other.status()).toBe(204)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Wombat' }).waitFor()
    expect((await page.request.get(`${demo.url}api/v1/stores`)).status()).toBe(401)
    expect(browser.problems).toEqual([])
  })

  test('a reader who tried too often is told how long to wait, and can sign in after that', async () => {
    const browser = await openBrowser({ origin: demo.origin })
    const { page } = browser
    await page.goto(`${demo.url}#/slow`)
    for (let attempt = 0; attempt < 5; attempt++) {
      await fillIn(page, `wrong-token-0123456789-${attempt}`)
      await expect.poll(() => visibleText(page.getByRole('alert'))).toMatch(/not valid/)
    }
    await fillIn(page, token)
    await expect.poll(() => visibleText(page.getByRole('alert'))).toMatch(/^Too many attempts. Try again in \d+ s.$/)
    expect(await page.getByRole('button', { name: /^Wait \d+ s$/ }).isDisabled()).toBe(true)
    await browser.screenshot('too-many-attempts')
    await expect.poll(() => page.getByRole('button', { name: 'Sign in' }).isEnabled(), { timeout: 20_000 }).toBe(true)
    expect(await visibleText(page.getByRole('alert'))).toBe('')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Slow and failed', level: 1 }).waitFor()
    expect(browser.problems).toEqual([])
  })
})

describe.skipIf(browserProblem !== undefined)(`a page that may change nothing${reason}`, { timeout: testTimeoutMs }, () => {
  test('a reader signs in with a password or a token, and a read-only one is told why nothing can be changed', async () => {
    const folder = await temporaryFolder()
    const users = join(folder, 'users.yml')
    await writeFile(users, `basic_auth_users: {alice: ${await bcrypt.hash('secret word', 6)}}`)
    const demo = await runDemo({ environment: { WOMBAT_AUTH_TOKEN: token, WOMBAT_AUTH_USERS_FILE: users } })
    try {
      const browser = await openBrowser({ origin: demo.origin })
      const { page } = browser
      await page.goto(`${demo.url}#/alerts`)
      await page.getByRole('button', { name: 'Password' }).click()
      await page.getByLabel('User').fill('alice')
      await page.getByLabel('Password', { exact: true }).last().fill('wrong word')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect.poll(() => visibleText(page.getByRole('alert'))).toBe('The user or the password is wrong.')
      expect(await browser.accessibilityProblems()).toEqual([])
      await browser.screenshot('sign-in-with-password')
      await page.getByLabel('Password', { exact: true }).last().fill('secret word')
      await page.getByRole('button', { name: 'Sign in' }).click()
      const button = page.getByRole('button', { name: 'Silence alerts' })
      await button.waitFor()
      expect(await button.getAttribute('aria-disabled')).toBe('true')
      await button.click({ force: true })
      await expect
        .poll(() => visibleText(page.getByRole('main')))
        .toMatch(/You are signed in as alice, which is read-only\. To change something, sign out, and sign in with a token/)
      expect(await page.getByRole('dialog').count()).toBe(0)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await fillIn(page, token)
      await button.waitFor()
      expect(await button.getAttribute('aria-disabled')).toBe('false')
      expect(browser.problems).toEqual([])
    } finally {
      await demo.stop()
    }
  })

  test('it gives the reason instead of the change', async () => {
    const demo = await runDemo()
    try {
      const browser = await openBrowser({ origin: demo.origin })
      const { page, context } = browser
      // As a proxy that passes on requests of other machines.
      await context.setExtraHTTPHeaders({ via: '1.1 proxy' })
      await page.goto(`${demo.url}#/alerts`)
      const button = page.getByRole('button', { name: 'Silence alerts' })
      await button.waitFor()
      expect(await button.getAttribute('aria-disabled')).toBe('true')
      await button.click({ force: true })
      await expect
        .poll(() => visibleText(page.getByRole('main')))
        .toMatch(/only from a page that is opened directly on its own machine/)
      expect(await page.getByRole('dialog').count()).toBe(0)
      expect(await browser.accessibilityProblems()).toEqual([])
    } finally {
      await demo.stop()
    }
  })
})
