import { answered, type PanelAsk } from './panel-request.ts'

/** What is demanded of a query. On the loopback interface backends answer in milliseconds: no benchmark, and the figures are shown. */
const mostMs = 1000
const asksOfEach = 3
/** Two cores that others use, too, may be busy for a while: what took too long is asked again, and must take too long each time. */
const rounds = 3

export interface Timing extends PanelAsk {
  /** Of three asks. */
  readonly medianMs: number
  readonly longestMs: number
  /** How many series the answer has. */
  readonly series: number
}

/** How long each query takes: one after the other, as nobody else asks. */
export async function timed(backend: string, asks: readonly PanelAsk[], lifeSeconds: number): Promise<Timing[]> {
  const timings: Timing[] = []
  for (const ask of asks) {
    let timing = await timingOf(backend, ask, lifeSeconds)
    for (let round = 1; round < rounds && isTooLong(timing); round++) timing = await timingOf(backend, ask, lifeSeconds)
    timings.push(timing)
  }
  return timings
}

export function isTooLong({ medianMs }: Timing): boolean {
  return !(medianMs < mostMs)
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

/** What is printed of the queries of one dashboard. */
export function figuresOf(timings: readonly Timing[]): Readonly<Record<string, number | string>> {
  const medians = timings.map(({ medianMs }) => medianMs)
  const slowest = timings.reduce((worst, one) => (one.medianMs > worst.medianMs ? one : worst))
  return {
    queries: timings.length,
    'with an answer': timings.filter(({ series }) => series > 0).length,
    'median ms': Math.round(median(medians)),
    'slowest, its median ms': Math.round(slowest.medianMs),
    'longest ms': Math.round(Math.max(...timings.map(({ longestMs }) => longestMs))),
    slowest: `${slowest.panel} ${slowest.refId}`,
  }
}

async function timingOf(backend: string, ask: PanelAsk, lifeSeconds: number): Promise<Timing> {
  const times: number[] = []
  let series = 0
  for (let time = 0; time < asksOfEach; time++) {
    const answer = await answered(backend, ask, lifeSeconds)
    times.push(answer.milliseconds)
    series = answer.series
  }
  return { ...ask, medianMs: median(times), longestMs: Math.max(...times), series }
}
