import {
  type CollectionResult,
  type MetricCollectOptions,
  type MetricData,
  MetricReader,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import { type Labels, type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import { RegistryProducer } from './registry-producer.ts'
import { Snapshot } from './snapshot.ts'

/** How long one collection may take: the SDK gives up on an application's own callbacks after it. */
const collectTimeoutMs = 5000

/**
 * The reader that everything inside the process reads from: Prometheus text, JSON, the log, history, health and alerts. It
 * collects when asked and has no timer. Beside a MeterProvider of your own, put it among its readers.
 */
export class SnapshotReader extends MetricReader {
  #producer: RegistryProducer | undefined
  #registry: MetricsRegistry | undefined
  #running: Promise<Snapshot> | undefined
  #bound = false

  /**
   * Reads this registry's metrics directly and in full resolution, instead of what its instruments left in the SDK. Wombat's
   * names are read even if they are not exported (`semconv: 'otel'`): alerts and health checks need them. Returns a function
   * that stops following.
   */
  follow(registry: MetricsRegistry): () => void {
    const producer = new RegistryProducer(registry, { semconv: registry.semconv === 'wombat' ? 'wombat' : 'both' })
    this.#registry = registry
    this.#producer = producer
    return () => {
      if (this.#producer !== producer) return
      this.#registry = undefined
      this.#producer = undefined
    }
  }

  /**
   * The metrics as they are now. Callers at the same time share one collection.
   *
   * @throws Error when the reader is not among the readers of a MeterProvider, or was shut down.
   */
  take(): Promise<Snapshot> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Also what a MeterProvider's forced collection sees: the SDK's metrics, with ours in place of their instruments'. */
  override async collect(options?: MetricCollectOptions): Promise<CollectionResult> {
    const ofSdk = await super.collect(options)
    if (this.#producer === undefined) return ofSdk
    const own = await this.#producer.collect()
    const others = ofSdk.resourceMetrics.scopeMetrics.flatMap((scope) => withoutOwnMetrics(scope, this.#registry))
    return {
      resourceMetrics: {
        resource: ofSdk.resourceMetrics.resource,
        scopeMetrics: [...others, ...own.resourceMetrics.scopeMetrics],
      },
      errors: ofSdk.errors,
    }
  }

  protected override onInitialized(): void {
    this.#bound = true
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}

  async #take(): Promise<Snapshot> {
    if (!this.#bound) throw new Error('this SnapshotReader belongs to no MeterProvider: put it among the readers of one')
    const startMs = performance.now()
    const busyBefore = this.#producer?.busySeconds ?? 0
    const { resourceMetrics, errors } = await this.collect({ timeoutMillis: collectTimeoutMs })
    const snapshot = new Snapshot(resourceMetrics, Date.now(), errors)
    this.#registry?.recordHistogram('wombat_monitor_collection_duration_seconds', (performance.now() - startMs) / 1000)
    const busySeconds = (this.#producer?.busySeconds ?? 0) - busyBefore
    this.#registry?.incrementCounter('wombat_monitor_busy_seconds_total', busySeconds, { part: 'collection' })
    this.#registry?.setGauge('wombat_monitor_points', countPoints(snapshot))
    return snapshot
  }
}

function countPoints({ resourceMetrics }: Snapshot): number {
  let count = 0
  for (const { metrics } of resourceMetrics.scopeMetrics) for (const { dataPoints } of metrics) count += dataPoints.length
  return count
}

/**
 * What of a scope is not the registry's: another copy of our package, say, has the same scope and other stores. A series is the
 * registry's also while nobody knows its value; the SDK goes on showing the last one it saw.
 */
function withoutOwnMetrics(scoped: ScopeMetrics, registry: MetricsRegistry | undefined): ScopeMetrics[] {
  if (registry === undefined || scoped.scope.name !== scopeName) return [scoped]
  const families = new Map([...registry.families()].map((family) => [family.definition.name, family.series]))
  const metrics = scoped.metrics.flatMap((metric) => {
    const own = families.get(metric.descriptor.name)
    if (own === undefined) return [metric]
    const dataPoints = metric.dataPoints.filter(({ attributes }) => !own.has(seriesKey(attributes as Labels)))
    return dataPoints.length === 0 ? [] : [{ ...metric, dataPoints } as MetricData]
  })
  return metrics.length === 0 ? [] : [{ scope: scoped.scope, metrics }]
}
