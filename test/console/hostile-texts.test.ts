import { type Monitoring, startMonitoring } from '@wombat/monitor'
import { expect, onTestFinished, test } from 'vitest'
import { browserProblem, openBrowser, visibleText } from './browser.ts'

const reason = browserProblem === undefined ? '' : ` (left out: ${browserProblem})`
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error }

/** Texts that would run something, or break out of what they are shown in. */
const element = '<img src=x onerror="window.hasRun = true">'
const script = '</title></script><script>window.hasRun = true</script>'
const names = [
  element,
  script,
  '"><svg onload=hasRun=true>',
  '__proto__',
  'constructor',
  '{{ value }}',
  '../../etc',
  'a#b?c&d=e%2f',
]

/** Starts a process in which everything that the application may name is hostile. */
async function start(): Promise<{ monitoring: Monitoring; origin: string }> {
  const monitoring = await startMonitoring({
    jsonApiPort: 0,
    historyIntervalMs: 200,
    alertEvaluationIntervalMs: 200,
    slowQueryThresholdMs: 0,
    logger,
    resource: { 'service.name': element, 'service.version': script },
    alertRules: [
      {
        name: 'Hostile',
        condition: 'metric_above',
        metric: 'db_get_operations_total',
        threshold: 0,
        severity: 'warning',
        labels: { team: script },
        annotations: { summary: `${element} {{ labels.store }}`, description: '[link](javascript:hasRun=true)' },
        runbookUrl: 'https://runbooks.example/{{ labels.store }}',
      },
    ],
  })
  onTestFinished(() => monitoring.close())
  const stores = names.map((name) => monitoring.instrument(new Map<string, string>(), { name }))
  const timer = setInterval(() => {
    for (const store of stores) store.set('key', 'value').get('key')
  }, 50)
  onTestFinished(() => clearInterval(timer))
  monitoring.annotate(element, { store: script })
  return { monitoring, origin: monitoring.addresses.json ?? '' }
}

test.skipIf(browserProblem !== undefined)(
  `names, messages and addresses that are HTML or code are shown as text in every view${reason}`,
  { timeout: 120_000 },
  async () => {
    const { monitoring, origin } = await start()
    await expect.poll(() => monitoring.alerts().length, { timeout: 10_000 }).toBeGreaterThan(0)
    const browser = await openBrowser({ origin })
    const { page } = browser
    const hostile = encodeURIComponent(element)
    const addresses = [
      'stores',
      'operations',
      'engine',
      'health',
      'alerts',
      'alerts?rule=Hostile&tab=rules',
      'slow',
      'explore?metric=db_get_operations_total&by=store',
      'configuration',
      `operations?store=${hostile}`,
      'operations?store=__proto__',
      `stores?search=${hostile}&sort=${hostile}`,
      `health?check=${hostile}`,
      `explore?metric=${hostile}&label.store=${hostile}&function=${hostile}`,
      `alerts?rule=${hostile}`,
      `slow?operation=${hostile}&minimum=${hostile}`,
      '__proto__?constructor=1',
    ]
    let text = ''
    for (const address of addresses) {
      await page.goto(`${origin}/#/${address}`)
      await expect.poll(() => visibleText(page.locator('main'))).not.toBe('')
      await page.waitForTimeout(700)
      text += await visibleText(page.locator('main'))
      const found = await page.evaluate(`({
        hasRun: 'hasRun' in window,
        elements: document.querySelectorAll('img[src="x"], svg[onload], main script').length,
        links: [...document.querySelectorAll('a')].map((one) => one.protocol).filter((one) => !/^https?:$/.test(one)),
      })`)
      expect({ address, ...(found as object) }).toEqual({ address, hasRun: false, elements: 0, links: [] })
    }
    // The texts are there, and nothing was refused by the content security policy alone.
    expect(text).toContain(element)
    expect(browser.problems.filter((problem) => !/status of 400|status of 404/.test(problem))).toEqual([])
  },
)
