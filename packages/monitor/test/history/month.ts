// Samples stores into a history for a simulated time, with a new store every day, and prints what the memory limit leaves, and the memory
// that is really used: node --expose-gc month.ts <stores> <seconds between two samples> <days>
import { setImmediate } from 'node:timers/promises'
import { TimeSeries } from '../../src/history/memory/time-series.ts'
import type { HistorySeries } from '../../src/history/series.ts'

const [stores = 10, intervalSeconds = 60, days = 31] = process.argv.slice(2).map(Number)
/** About as a LevelDB store has them: seven counters of ten are buckets of histograms, and most values do not change. */
const bucketsPerStore = 190
const countersPerStore = 55
const gaugesPerStore = 20

function createStore(name: string): HistorySeries[] {
  const create = (count: number, metric: string, isCounter: boolean, labels: Record<string, string> = {}): HistorySeries[] =>
    Array.from({ length: count }, (_, index) => ({
      name: `${metric}${index}`,
      labels: { store: name, ...('le' in labels && { le: `${index}` }) },
      isCounter,
    }))
  return [
    ...create(countersPerStore, 'counter', true),
    ...create(gaugesPerStore, 'gauge', false),
    ...create(bucketsPerStore, 'bucket', true, { le: '' }),
  ]
}

async function collectedBytes(): Promise<number> {
  // Memory outside the heap is freed only after its objects.
  for (let times = 0; times < 5; times++) {
    globalThis.gc?.()
    await setImmediate()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  // Not all that is external: Node frees the WebAssembly of its TypeScript support at some time.
  return heapUsed + arrayBuffers
}

const all = Array.from({ length: stores }, (_, index) => createStore(`store${index}`))
const beforeBytes = await collectedBytes()
const history = new TimeSeries({ intervalMs: Math.min(60_000, intervalSeconds * 1000) })
const samplesPerDay = Math.round(86_400 / intervalSeconds)
let largestBytes = 0
const invisible: string[] = []
let timeMs = 1_800_000_000_000
for (let tick = 0; tick < days * samplesPerDay; tick++) {
  timeMs += intervalSeconds * 1000
  const isNewDay = tick % samplesPerDay === samplesPerDay - 1
  if (isNewDay) all.push(createStore(`new${Math.floor(tick / samplesPerDay)}`))
  history.begin(timeMs)
  for (let store = 0; store < all.length; store++) {
    const series = all[store] as HistorySeries[]
    // One series of four changes with each sample.
    for (let index = 0; index < series.length; index++)
      history.add(series[index] as HistorySeries, index % 4 === 0 ? tick + index : index)
  }
  history.commit()
  if (tick % 50 === 0 || isNewDay) largestBytes = Math.max(largestBytes, history.bytes)
  if (isNewDay) {
    const [counter, gauge] = [all.at(-1)?.[0], all.at(-1)?.[countersPerStore]] as [HistorySeries, HistorySeries]
    if (history.at(counter, timeMs) === undefined || history.at(gauge, timeMs) === undefined)
      invisible.push(counter.labels['store'] ?? '')
  }
}
const { bytes, maxBytes, series, reachSeconds, isLimited } = history.limits
const mebibytes = (value: number): number => Math.round((value / 2 ** 20) * 10) / 10
process.stdout.write(
  `${JSON.stringify({
    stores,
    intervalSeconds,
    days,
    givenSeries: all.length * (bucketsPerStore + countersPerStore + gaugesPerStore),
    keptSeries: series,
    maxMiB: mebibytes(maxBytes),
    largestMiB: mebibytes(largestBytes),
    countedMiB: mebibytes(bytes),
    measuredMiB: mebibytes((await collectedBytes()) - beforeBytes),
    isLimited,
    reachHours: Math.round(reachSeconds / 360) / 10,
    invisibleStores: invisible,
  })}\n`,
)
