// Prints what the console costs: node test/console/figures.ts [--only size|cost|block] [--seconds 60] [--stores 10]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { type Browser, chromium, type Page } from 'playwright-core'
import { browserFlags, executablePath } from './browser-program.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    stores: { type: 'string', default: '10' },
  },
})
const isWanted = (part: string): boolean => values.only === undefined || values.only === part
const seconds = Number(values.seconds)

/** Every view over a day. */
const views = [
  'stores',
  'operations',
  'engine',
  'health',
  'alerts',
  'slow',
  'explore?metric=db_get_operations_total&function=rate',
  'configuration',
]

interface Measurement {
  readonly atMs: number
  readonly longestBlockMs: number
  readonly cpuSeconds: number
  readonly busySeconds: Readonly<Record<string, number>>
}

if (isWanted('size')) await printSize()
const folder = await mkdtemp(join(tmpdir(), 'wombat-figures-'))
try {
  if (isWanted('cost')) await printCost(Number(values.stores))
  if (isWanted('block')) await printLongestBlock()
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Prints the size of all files that a browser loads, compressed one by one. */
async function printSize(): Promise<void> {
  const page = join(import.meta.dirname, '../../packages/console/dist/page')
  const names = (await readdir(page, { recursive: true, withFileTypes: true })).filter(
    (one) => one.isFile() && !one.name.endsWith('.txt'),
  )
  let total = 0
  for (const { parentPath, name } of names) {
    const bytes = gzipSync(await readFile(join(parentPath, name)), { level: 9 }).length
    total += bytes
    console.log(`size    ${name.padEnd(32)} ${(bytes / 1000).toFixed(1)} kB gzipped`)
  }
  console.log(`size    all                              ${(total / 1000).toFixed(1)} kB gzipped`)
}

/** Prints what open pages cost the process, as shares of one core. */
async function printCost(stores: number): Promise<void> {
  const service = await startService(stores)
  const browser = await launch()
  const pages: Page[] = []
  for (const count of [0, 1, 5]) {
    while (pages.length < count) pages.push(await openPage(browser, service.url, pages.length === 0))
    await sleep(5000)
    const before = await service.measure()
    await sleep(seconds * 1000)
    const after = await service.measure()
    const elapsed = (after.atMs - before.atMs) / 1000
    const share = (value: number): string => `${((100 * value) / elapsed).toFixed(2)} %`
    const parts = Object.keys(after.busySeconds).map((part) => {
      return `${part} ${share((after.busySeconds[part] ?? 0) - (before.busySeconds[part] ?? 0))}`
    })
    const cpu = share(after.cpuSeconds - before.cpuSeconds)
    console.log(
      `cost    ${count} pages, ${stores} stores: process ${cpu} of a core; monitor: ${parts.join(', ')}; longest block ${after.longestBlockMs.toFixed(1)} ms`,
    )
  }
  await browser.close()
  await service.stop()
}

/** Prints the longest block of the event loop while every view is opened over a day of about 1,000 series. */
async function printLongestBlock(): Promise<void> {
  const service = await startService(2)
  const browser = await launch()
  const page = await openPage(browser, service.url, true)
  // What loads the routes for the first time is not measured.
  for (const view of views) await show(page, service.url, view, '15m')
  await sleep(2000)
  await service.measure()
  await sleep(10_000)
  console.log(`block   at rest: longest ${(await service.measure()).longestBlockMs.toFixed(1)} ms`)
  for (const view of views) {
    await show(page, service.url, view, '1d')
    console.log(
      `block   ${view.split('?')[0]?.padEnd(14)} over a day: longest ${(await service.measure()).longestBlockMs.toFixed(1)} ms`,
    )
  }
  await browser.close()
  await service.stop()
}

async function show(page: Page, url: string, view: string, range: string): Promise<void> {
  await page.goto(`${url}#/${view}${view.includes('?') ? '&' : '?'}range=${range}`)
  await page.waitForLoadState('load')
  await sleep(4000)
}

async function openPage(browser: Browser, url: string, isFirst: boolean): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`${url}#/stores`)
  await sleep(1500)
  if (!isFirst) return page
  const paint = await page.evaluate<number | undefined>('performance.getEntriesByName("first-contentful-paint")[0]?.startTime')
  console.log(`paint   first contentful paint after ${paint?.toFixed(0) ?? '?'} ms`)
  return page
}

function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args: browserFlags, headless: true })
}

async function startService(stores: number) {
  const program = join(import.meta.dirname, 'measured-service.ts')
  const serviceFolder = join(folder, String(stores))
  const child = spawn(process.execPath, [...nodeFlags, '--conditions=source', program, serviceFolder, String(stores)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const next = async (): Promise<string> => ((await once(lines, 'line')) as [string])[0]
  const url = await next()
  return {
    url,
    measure: async (): Promise<Measurement> => {
      const answer = next()
      child.stdin.write('measure\n')
      return JSON.parse(await answer) as Measurement
    },
    stop: async (): Promise<void> => {
      child.stdin.write('stop\n')
      await once(child, 'exit')
    },
  }
}
