import type { MonitorClient, RequestParameters } from '../connection/monitor-client.ts'
import type {
  AlertsAnswer,
  EventsAnswer,
  HealthReport,
  JsonValue,
  QueryAnswer,
  QuerySeries,
  Store,
  StoresAnswer,
} from '../page/api/generated/api.ts'
import {
  type AlertSnapshot,
  alertRank,
  type EngineNumbers,
  type EventSnapshot,
  type Finding,
  type OperationNumbers,
  type ProcessNumbers,
  type Snapshot,
  type StoreSnapshot,
  statusRank,
} from './snapshot.ts'

/** Long enough for several samples of the history, which has one every ten seconds by default. */
const windowSeconds = 60

const maxEvents = 50

const operations = ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'] as const
const perOperation = (suffix: string): string[] => operations.map((operation) => `db_${operation}_${suffix}`)

const quantileNames = { p50Seconds: 0.5, p95Seconds: 0.95, p99Seconds: 0.99 } as const
/** So close to 1 that it lies in the bucket of the slowest operation. */
const maxQuantile = 0.999999
const quantiles = [...Object.values(quantileNames), maxQuantile]

const engineRates = {
  compactionBytesPerSecond: 'db_compaction_output_bytes_total',
  flushBytesPerSecond: 'db_flush_bytes_total',
  writeStallShare: 'db_write_stall_seconds_total',
  evictionsPerSecond: 'db_evictions_total',
} as const
const engineGauges = {
  compactionsRunning: 'db_compactions_running',
  compactionPendingBytes: 'db_compaction_pending_bytes',
  walBytes: 'db_wal_bytes',
  memtableBytes: 'db_memtable_bytes',
  cacheBytes: 'db_cache_bytes',
  freeBytes: 'db_free_bytes',
  entries: 'db_entries',
  openIterators: 'db_open_iterators',
  openSnapshots: 'db_open_snapshots',
} as const
const processGauges = {
  resident: 'wombat_process_resident_memory_bytes',
  group: 'wombat_process_group_memory_bytes',
  limit: 'wombat_process_memory_limit_bytes',
  heap: 'wombat_process_heap_used_bytes',
} as const

/** Who the process is, from `GET /api/v1/session`. */
interface Session {
  readonly service?: { readonly name?: string; readonly version?: string }
  readonly startedAtMs?: number
}

/** The answer of `GET /health` without the right to see details has only a status. */
type Health = Pick<HealthReport, 'status'> & Partial<HealthReport>

/**
 * Reads everything that `top` shows.
 *
 * @throws ConnectionError if the process does not answer.
 */
export async function readSnapshot(client: MonitorClient, signal: AbortSignal): Promise<Snapshot> {
  const window = `${windowSeconds}s`
  const get = <Answer>(path: string, parameters: RequestParameters = {}): Promise<Answer> =>
    client.get<Answer>(path, parameters, signal)
  const query = async (parameters: RequestParameters): Promise<QuerySeries[]> =>
    (await get<QueryAnswer>('api/v1/query', parameters)).series
  const latency = (by: string): Promise<QuerySeries[]> =>
    query({ metric: perOperation('latency_seconds'), function: 'quantile', quantile: quantiles, window, by })

  const [session, { timeMs, stores }, health, { alerts }, { events }, ...series] = await Promise.all([
    get<Session>('api/v1/session'),
    get<StoresAnswer>('api/v1/stores', { window }),
    // Health that is bad is an answer with status 503.
    client.get<Health>('health', { format: 'json' }, signal, 503),
    get<AlertsAnswer>('api/v1/alerts'),
    get<EventsAnswer>('api/v1/events', { limit: maxEvents }),
    latency('store'),
    latency('store,__name__'),
    query({
      metric: [...perOperation('operations_total'), ...perOperation('errors_total'), ...Object.values(engineRates)],
      function: 'rate',
      window,
      by: 'store,__name__',
    }),
    query({
      metric: [...Object.values(engineGauges), 'db_level_files', 'db_level_bytes', 'db_write_stall_active_seconds'],
      by: 'store,level,cause,__name__',
    }),
    query({ metric: Object.values(processGauges), by: '__name__' }),
    query({
      metric: ['wombat_process_event_loop_delay_seconds', 'wombat_process_thread_pool_wait_seconds'],
      function: 'quantile',
      quantile: 0.99,
      window,
      by: '__name__',
    }),
    query({ metric: 'wombat_process_event_loop_active_seconds_total', function: 'rate', window, by: '__name__' }),
  ])
  const [storeLatency, operationLatency, rates, gauges, memory, delays, activity] = series.map(
    (list) => new SeriesLookup(list),
  ) as [SeriesLookup, SeriesLookup, SeriesLookup, SeriesLookup, SeriesLookup, SeriesLookup, SeriesLookup]
  const { name, version } = session.service ?? {}
  return defined({
    timeMs,
    url: client.address,
    service: name,
    serviceVersion: version,
    uptimeSeconds: session.startedAtMs === undefined ? undefined : (timeMs - session.startedAtMs) / 1000,
    windowSeconds,
    health: health.status,
    process: processNumbers(memory, delays, activity),
    stores: stores.map((store) => storeSnapshot(store, storeLatency, operationLatency, rates, gauges)),
    findings: findings(health),
    alerts: activeAlerts(alerts),
    events: lastEvents(events),
  })
}

/** Finds values of a query by their metric, labels and quantile. */
class SeriesLookup {
  readonly #values = new Map<string, number>()
  readonly #series: readonly QuerySeries[]

  constructor(series: readonly QuerySeries[]) {
    this.#series = series
    for (const { metric, labels, quantile, value } of series) {
      const number = toNumber(value)
      if (number !== undefined) this.#values.set(keyOf(metric, labels['store'], quantile), number)
    }
  }

  value(metric: string | undefined, store?: string, quantile?: number): number | undefined {
    return this.#values.get(keyOf(metric, store, quantile))
  }

  /** Returns the series of a metric that a store has several of. */
  list(metric: string, store: string): Array<{ readonly labels: QuerySeries['labels']; readonly value: number }> {
    return this.#series.flatMap(({ metric: name, labels, value }) => {
      const number = toNumber(value)
      return name === metric && labels['store'] === store && number !== undefined ? [{ labels, value: number }] : []
    })
  }
}

function keyOf(metric = '', store = '', quantile = 0): string {
  return `${metric}\n${store}\n${quantile}`
}

/** A rate or a quantile that is no number is unknown. */
function toNumber(value: JsonValue): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function processNumbers(memory: SeriesLookup, delays: SeriesLookup, activity: SeriesLookup): ProcessNumbers {
  return defined({
    eventLoopDelayP99Seconds: delays.value('wombat_process_event_loop_delay_seconds', '', 0.99),
    eventLoopUtilization: activity.value('wombat_process_event_loop_active_seconds_total'),
    threadPoolWaitP99Seconds: delays.value('wombat_process_thread_pool_wait_seconds', '', 0.99),
    memoryBytes: memory.value(processGauges.group) ?? memory.value(processGauges.resident),
    memoryLimitBytes: memory.value(processGauges.limit),
    heapUsedBytes: memory.value(processGauges.heap),
  })
}

function storeSnapshot(
  { store, operations: own, ...rest }: Store,
  storeLatency: SeriesLookup,
  operationLatency: SeriesLookup,
  rates: SeriesLookup,
  gauges: SeriesLookup,
): StoreSnapshot {
  const { engine, engineVersion, adapter, state, health, firing, pending, hitRatio, sizeBytes, memoryBytes } = rest
  const { operationsPerSecond, errorsPerSecond, queueDepth, oldestOperationSeconds } = rest
  return defined({
    store,
    engine,
    engineVersion,
    adapter,
    state,
    health,
    operationsPerSecond,
    errorsPerSecond,
    ...latencyNumbers((quantile) => storeLatency.value(undefined, store, quantile)),
    inFlight: queueDepth,
    oldestOperationSeconds,
    sizeBytes,
    memoryBytes,
    hitRatio,
    firing,
    pending,
    engineNumbers: engineNumbers(store, rates, gauges),
    operations: own.map((operation) =>
      defined({
        operation,
        operationsPerSecond: rates.value(`db_${operation}_operations_total`, store),
        errorsPerSecond: rates.value(`db_${operation}_errors_total`, store),
        ...latencyNumbers((quantile) => operationLatency.value(`db_${operation}_latency_seconds`, store, quantile)),
      }),
    ),
  })
}

function latencyNumbers(read: (quantile: number) => number | undefined): OperationNumbers {
  const max = read(maxQuantile)
  return {
    ...Object.fromEntries(Object.entries(quantileNames).map(([name, quantile]) => [name, read(quantile)])),
    ...(max !== undefined && { maxSeconds: bucketBound(max) }),
  }
}

/** Returns the upper bound of the latency bucket with this value. The bounds are {1, 2.5, 5} × 10^n seconds. */
function bucketBound(seconds: number): number {
  if (!(seconds > 0)) return seconds
  const power = 10 ** Math.floor(Math.log10(seconds))
  const bounds = [1, 2.5, 5, 10].map((factor) => Number((factor * power).toPrecision(2)))
  return bounds.find((bound) => bound >= seconds) ?? seconds
}

function engineNumbers(store: string, rates: SeriesLookup, gauges: SeriesLookup): EngineNumbers {
  const files = gauges.list('db_level_files', store)
  const bytes = new Map(gauges.list('db_level_bytes', store).map(({ labels, value }) => [labels['level'], value]))
  const levels = files
    .map(({ labels, value }) => ({ level: Number(labels['level']), files: value, bytes: bytes.get(labels['level']) ?? 0 }))
    .sort((a, b) => a.level - b.level)
  const stalls = gauges.list('db_write_stall_active_seconds', store)
  const read = <Name extends string>(names: Readonly<Record<Name, string>>, from: SeriesLookup) =>
    Object.fromEntries(Object.entries<string>(names).map(([name, metric]) => [name, from.value(metric, store)])) as Record<
      Name,
      number | undefined
    >
  return defined({
    levels: levels.length === 0 ? undefined : levels.filter((level) => level.files > 0),
    writeStalls:
      stalls.length === 0
        ? undefined
        : stalls.flatMap(({ labels, value }) => (value > 0 ? [{ cause: labels['cause'] ?? '', seconds: value }] : [])),
    ...read(engineRates, rates),
    ...read(engineGauges, gauges),
  })
}

function findings({ checks = [] }: Health): Finding[] {
  return checks
    .filter(({ status }) => status !== 'healthy')
    .map(({ status, name, store, message, cause, nextSteps = [], sinceMs, runbookUrl }) =>
      defined({ status, check: name, store, message, cause: cause?.message, nextSteps, sinceMs, runbookUrl }),
    )
    .sort((a, b) => statusRank(b.status) - statusRank(a.status))
}

function activeAlerts(alerts: AlertsAnswer['alerts']): AlertSnapshot[] {
  return alerts
    .flatMap(({ rule, labels, annotations, state }) =>
      state.name === 'resolved'
        ? []
        : [
            defined({
              alert: rule,
              store: labels['store'],
              severity: labels['severity'] ?? 'warning',
              state: state.name,
              activeAtMs: state.activeAtMs,
              summary: annotations['summary'],
            }),
          ],
    )
    .sort((a, b) => alertRank(b) - alertRank(a))
}

function lastEvents(events: EventsAnswer['events']): EventSnapshot[] {
  return events
    .map(({ kind, severity, title, store, startMs, endMs }) => defined({ kind, severity, title, store, startMs, endMs }))
    .sort((a, b) => b.startMs - a.startMs)
}

/** An object whose fields that may be undefined may be left out instead. */
type Defined<Value> = { [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key] } & {
  [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<Value[Key], undefined>
}

/** Returns the object without the fields that are undefined. */
function defined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<Value>
}
