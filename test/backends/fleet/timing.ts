import { type PanelRequest, sendRequest } from './panel-request.ts'

/** Limit for the median of a query. Over loopback, backends respond in milliseconds: this is not a benchmark. */
const timeLimitMs = 1000
const repetitions = 3
/** A slow query is measured again, because the machine may be busy for a while; it must be slow in every round. */
const rounds = 3

/** A query with its durations. */
export interface Timing extends PanelRequest {
  readonly medianMs: number
  readonly longestMs: number
  /** Series in the response. */
  readonly series: number
}

/** Measures queries one after the other. */
export async function measureRequests(
  backend: string,
  requests: readonly PanelRequest[],
  lifeSeconds: number,
): Promise<Timing[]> {
  const timings: Timing[] = []
  for (const request of requests) {
    let timing = await measureRequest(backend, request, lifeSeconds)
    for (let round = 1; round < rounds && isTooLong(timing); round++) timing = await measureRequest(backend, request, lifeSeconds)
    timings.push(timing)
  }
  return timings
}

/** Returns whether the median exceeds the limit. */
export function isTooLong({ medianMs }: Timing): boolean {
  return !(medianMs < timeLimitMs)
}

/** Returns the median. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

/** Returns the figures to print for the queries of one dashboard. */
export function summarize(timings: readonly Timing[]): Readonly<Record<string, number | string>> {
  const medians = timings.map(({ medianMs }) => medianMs)
  const slowest = timings.reduce((worst, one) => (one.medianMs > worst.medianMs ? one : worst))
  return {
    queries: timings.length,
    'with a result': timings.filter(({ series }) => series > 0).length,
    'median ms': Math.round(median(medians)),
    'median ms of the slowest': Math.round(slowest.medianMs),
    'longest ms': Math.round(Math.max(...timings.map(({ longestMs }) => longestMs))),
    slowest: `${slowest.panel} ${slowest.refId}`,
  }
}

async function measureRequest(backend: string, request: PanelRequest, lifeSeconds: number): Promise<Timing> {
  const times: number[] = []
  let series = 0
  for (let time = 0; time < repetitions; time++) {
    const response = await sendRequest(backend, request, lifeSeconds)
    times.push(response.milliseconds)
    series = response.series
  }
  return { ...request, medianMs: median(times), longestMs: Math.max(...times), series }
}
