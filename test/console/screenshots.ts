// Makes the pictures of the documentation from the demo: npm run screenshots
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { browserFlags, executablePath } from './browser-program.ts'
import { runDemo } from './running-demo.ts'

const folder = join(import.meta.dirname, '../../packages/console/docs')
/** Two rounds of all moments of the demo. */
const warmUpMs = 240_000

const pictures = [
  { name: 'overview', route: 'stores', colorScheme: 'dark', height: 800 },
  { name: 'operations', route: 'operations?store=orders&range=15m', colorScheme: 'light', height: 900 },
  { name: 'engine', route: 'engine?store=orders&range=15m', colorScheme: 'dark', height: 900 },
] as const

mkdirSync(folder, { recursive: true })
const demo = await runDemo({ environment: { WOMBAT_HISTORY_INTERVAL_MS: '5000' } })
try {
  console.log(`the demo runs for ${warmUpMs / 60_000} minutes first`)
  await sleep(warmUpMs)
  const browser = await chromium.launch({ executablePath, args: browserFlags, headless: true })
  for (const { name, route, colorScheme, height } of pictures) {
    const page = await browser.newPage({ viewport: { width: 1280, height }, colorScheme, reducedMotion: 'reduce' })
    await page.goto(`${demo.url}#/${route}`)
    await sleep(4000)
    const path = join(folder, `${name}.png`)
    await page.screenshot({ path })
    console.log(`${path}: ${(statSync(path).size / 1000).toFixed(0)} kB`)
  }
  await browser.close()
} finally {
  await demo.stop()
}
