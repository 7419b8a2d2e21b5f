import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { linesPerHistogram, type ServerReport } from './load.ts'

// Compares the page of a service of many processes with that of @prometheus-io/client's aggregator: how long it takes, and for how long
// the process that answers does nothing else.

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '16' },
    series: { type: 'string', default: '20000' },
    scrapes: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
})
const [workers, series, scrapes] = [values.workers, values.series, values.scrapes].map(Number) as [number, number, number]
/** Half of the lines are those of histograms. */
const histograms = Math.floor(series / 2 / linesPerHistogram)
const counters = series - histograms * linesPerHistogram

interface Result {
  readonly lines: number
  readonly pageMs: readonly number[]
  readonly longestBlockMs: number
  readonly residentMiB: number
}

async function measure(program: 'ours' | 'theirs', port: number): Promise<Result> {
  const args = [port, counters, histograms, workers].map(String)
  const server = fork(new URL(`./${program}.js`, import.meta.url), args, { execArgv: [] })
  await once(server, 'message')
  // The first pages of both build up what later ones reuse.
  for (let warmUp = 0; warmUp < 2; warmUp++) await scrape(port)
  await sleep(2000)
  await report(server)
  const pages = []
  for (let done = 0; done < scrapes; done++) {
    pages.push(await scrape(port))
    await sleep(1000)
  }
  const { longestBlockMs, residentBytes } = await report(server)
  server.kill('SIGKILL')
  await once(server, 'exit')
  // The workers end when their primary is gone.
  await sleep(1000)
  const [lines = 0] = pages.map((page) => page.lines)
  return { lines, pageMs: pages.map(({ ms }) => ms).sort((a, b) => a - b), longestBlockMs, residentMiB: residentBytes / 2 ** 20 }
}

async function scrape(port: number): Promise<{ ms: number; lines: number }> {
  const startMs = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const page = await response.text()
  if (response.status !== 200) throw new Error(`the page could not be read: ${response.status} ${page.slice(0, 200)}`)
  return { ms: performance.now() - startMs, lines: page.split('\n').filter((line) => line.startsWith('app_')).length }
}

async function report(server: ChildProcess): Promise<ServerReport> {
  server.send('report')
  const [answer] = (await once(server, 'message')) as [ServerReport]
  return answer
}

const results = { ours: await measure('ours', 29_470), theirs: await measure('theirs', 29_471) }
if (values.json) console.log(JSON.stringify({ workers, series, ...results }))
else {
  console.log(`${workers} workers with ${series} series each`)
  for (const [name, { lines, pageMs, longestBlockMs, residentMiB }] of Object.entries(results)) {
    const [median = 0, longest = 0] = [pageMs[Math.floor(pageMs.length / 2)], pageMs.at(-1)]
    console.log(
      `${name}: ${lines} lines, page ${median.toFixed(0)} ms (longest ${longest.toFixed(0)}), longest block ${longestBlockMs.toFixed(0)} ms, ${residentMiB.toFixed(0)} MiB`,
    )
  }
}
