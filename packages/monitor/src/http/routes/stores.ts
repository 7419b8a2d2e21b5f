import type { Labels, MetricsRegistry } from '@wombat/instrumentation'
import { isCatalogMetric } from '@wombat/instrumentation/internal'
import { Hono } from 'hono'
import type { AlertManager } from '../../alerts/manager.ts'
import { type HealthStatus, worstStatus } from '../../health/status.ts'
import type { SearchableHistory } from '../../history/history.ts'
import { listMetrics, metricNames } from '../../history/metric-catalog.ts'
import { defaultWindowMs } from '../../history/queries.ts'
import { summarizeStore } from '../../history/store-summary.ts'
import type { PausableWork, TimeSlices } from '../../time/time-slices.ts'
import { jsonList } from '../json-answer.ts'
import { type QueryRunner, RequestError } from '../query-runner.ts'
import type { HealthSource } from './health.ts'
import { duration, parseParameters, withDefault } from './parameters.ts'

export interface StoreRoutesOptions {
  readonly runner: QueryRunner
  readonly alerts: AlertManager
  readonly health: HealthSource
}

const parameters = { window: withDefault(duration('a time such as 30s, 5m or 1h', 1000), defaultWindowMs) }

/** Whether a store can be used. */
type State = 'open' | 'opening' | 'closed'

/** Creates `GET /api/v1/stores`: all stores with their state, health, alerts and main numbers, sorted by name. */
export function storeRoutes({ runner, alerts, health }: StoreRoutesOptions): Hono {
  const { history, registry } = runner
  return new Hono().get('/api/v1/stores', (context) =>
    runner.answer(context, async (slices) => {
      const parsed = parseParameters(parameters, context.req.query())
      if ('error' in parsed) throw new RequestError(parsed.error)
      const period = { nowMs: runner.now(), windowMs: parsed.parameters.window }
      const own = ownStores(registry)
      const healthOf = storeHealth(health)
      const alertsOf = await slices.run(storeAlerts(alerts))
      const metricOf = metricNames(listMetrics(history, registry))
      const all = [...new Set([...own.keys(), ...history.stores()])].sort()
      const reads = { startMs: period.nowMs, stepMs: 1, count: 1, windowMs: period.windowMs, remedies: ['window'] } as const
      await runner.checkCost({ ...reads, series: await countWindows(history, all, slices) }, slices)
      const stores: object[] = []
      for (const store of all) {
        const { info, ...summary } = await summarizeStore(history, store, period, metricOf, slices)
        // Others are only a label of the application's metrics, or of an earlier process.
        if (!own.has(store) && !summary.metrics.some(isStoreMetric)) continue
        const { state, ...names } = own.get(store) ?? fromInfo(info)
        const { firing = 0, pending = 0 } = alertsOf.get(store) ?? {}
        const status: HealthStatus = healthOf.get(store) ?? 'unknown'
        stores.push({
          store,
          ...names,
          engineVersion: info?.['engine_version'],
          state,
          health: status,
          ...summary,
          firing,
          pending,
        })
      }
      return { createPieces: () => storesJson(period.nowMs, stores) }
    }),
  )
}

/** Returns how many series of stores are read over a window: counters and buckets. */
async function countWindows(history: SearchableHistory, stores: readonly string[], slices: TimeSlices): Promise<number> {
  let count = 0
  for (const store of stores) {
    for (const { isCounter } of history.currentSeries(store)) {
      if (isCounter) count++
      if (slices.isDue) await slices.pause()
    }
  }
  return count
}

/** Returns whether only a store has this metric; alerts and checks may be about anything that the application calls a store. */
function isStoreMetric(name: string): boolean {
  return isCatalogMetric(name) && name.startsWith('db_') && !/^db_(alerts|health_)/.test(name)
}

interface StoreIdentity {
  readonly engine: string | undefined
  readonly adapter: string | undefined
  readonly state: State
}

/** Returns the stores of this process by name. Of several with one name, the one that can be used counts. */
function ownStores({ stores }: MetricsRegistry): Map<string, StoreIdentity> {
  const byName = new Map<string, StoreIdentity>()
  for (const store of stores.list()) {
    const { name, engine, adapter } = store
    const state = usableState(store.state())
    const known = byName.get(name)?.state
    if (known === undefined || (known !== 'open' && state !== 'closed')) byName.set(name, { engine, adapter, state })
  }
  return byName
}

function usableState(state: State | 'failed'): State {
  return state === 'failed' ? 'closed' : state
}

/** Returns what the metrics say of a store that is in another process, or is not measured any more. */
function fromInfo(info: Labels | undefined): StoreIdentity {
  return { engine: info?.['engine'], adapter: info?.['adapter'], state: info === undefined ? 'closed' : 'open' }
}

function storeHealth(health: HealthSource): Map<string, HealthStatus> {
  const checks = Map.groupBy(health.report().checks, ({ store }) => store)
  return new Map([...checks].flatMap(([store, ofStore]) => (store === undefined ? [] : [[store, worstStatus(ofStore)]])))
}

/** Returns how many alerts of each store fire and are pending. */
function* storeAlerts(alerts: AlertManager): PausableWork<Map<string, { firing: number; pending: number }>> {
  const counts = new Map<string, { firing: number; pending: number }>()
  for (const { labels, state } of alerts.alerts()) {
    yield
    const { store } = labels
    if (store === undefined || state.name === 'resolved') continue
    const count = counts.get(store) ?? { firing: 0, pending: 0 }
    counts.set(store, count)
    count[state.name]++
  }
  return counts
}

function* storesJson(timeMs: number, stores: readonly object[]): Generator<string> {
  yield `{"timeMs":${timeMs},"stores":`
  yield* jsonList(stores)
  yield '}'
}
