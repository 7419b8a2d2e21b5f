import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AxeResults } from 'axe-core'
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { browserFlags, executablePath } from './browser-program.ts'

/** Why the tests in a browser cannot run; undefined if they can. */
export const browserProblem = existsSync(executablePath) ? undefined : 'install it with: bash test/console/install.sh'

/** Where the screenshots of the tests are kept, for people to look at. */
const screenshots = join(import.meta.dirname, 'screenshots')

/** A script: types of the browser are not those of the tests. */
const reportPolicyViolations = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  console.error('content security policy: ' + violatedDirective + ' blocks ' + blockedURI)
})`

/** A page in a browser of its own, and everything that went wrong in it. */
export interface BrowserPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of the console, uncaught errors, violations of the content security policy, and requests to other origins. */
  readonly problems: string[]
  /** The requests that were answered with 400 or more, or failed. */
  readonly failedRequests: string[]
  /** Saves a picture of the whole page. */
  screenshot(name: string): Promise<void>
  /** Returns the serious problems that axe finds, in words. */
  accessibilityProblems(): Promise<string[]>
}

export interface BrowserOptions {
  readonly origin: string
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** Opens a page in a headless Chromium with a new profile, which is closed when the test ends. */
export async function openBrowser(options: BrowserOptions): Promise<BrowserPage> {
  const { origin, width = 1280, height = 800, colorScheme = 'light' } = options
  const browser = await chromium.launch({ executablePath, args: browserFlags, headless: true })
  onTestFinished(() => browser.close())
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const problems: string[] = []
  const failedRequests: string[] = []
  await page.addInitScript(reportPolicyViolations)
  page.on('console', (message) => {
    // The browser reports each answer of 400 and more there as well.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error.stack)))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.origin !== origin && url.protocol !== 'data:' && url.protocol !== 'blob:') problems.push(`a request to ${url.href}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) failedRequests.push(`${response.status()} ${response.url()}`)
  })
  return {
    page,
    context,
    problems,
    failedRequests,
    screenshot: async (name) => {
      mkdirSync(screenshots, { recursive: true })
      // What is below the window is drawn when it comes into sight.
      const fullHeight = await page.evaluate<number>('document.documentElement.scrollHeight')
      await page.setViewportSize({ width, height: Math.max(height, fullHeight) })
      await sleep(1500)
      await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
      await page.setViewportSize({ width, height })
    },
    accessibilityProblems: () => findAccessibilityProblems(page),
  }
}

/** Returns the text that readers see. */
export async function visibleText(locator: Locator): Promise<string> {
  return (await locator.allInnerTexts()).join(' ')
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

async function findAccessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => String(target)).join(', ')}`)
}
