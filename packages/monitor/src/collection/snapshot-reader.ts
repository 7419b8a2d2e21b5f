import type { Resource } from '@opentelemetry/resources'
import {
  type CollectionResult,
  type MetricCollectOptions,
  type MetricData,
  MetricReader,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import { type Labels, type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import { type Clock, SystemClock } from '../time/clock.ts'
import type { RegistryProducer } from './registry-producer.ts'
import { countPoints, createInternalProducer, type Reading, recordCollection } from './registry-reader.ts'
import { Snapshot } from './snapshot.ts'
import { StartTimes } from './start-times.ts'

/** Maximum duration of one collection: after it the SDK gives up on the application's own callbacks. */
const collectTimeoutMs = 5000

/**
 * Reads the metrics for everything inside the process: Prometheus text, JSON, the log, history, health checks and alerts. It
 * collects on demand and has no timer. Add it to the readers of your own MeterProvider to monitor beside it.
 *
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { SnapshotReader } from '@wombat/monitor'
 * import { MeterProvider } from '@opentelemetry/sdk-metrics'
 *
 * const reader = new SnapshotReader()
 * const meterProvider = new MeterProvider({ readers: [reader] })
 * meterProvider.getMeter('application').createCounter('requests').add(3)
 *
 * const { points } = await reader.take()
 * assert.equal(points.find(({ metric }) => metric === 'requests').value, 3)
 *
 * await meterProvider.shutdown()
 * ```
 */
export class SnapshotReader extends MetricReader {
  #producer: RegistryProducer | undefined
  #registry: MetricsRegistry | undefined
  #own: MetricsRegistry | undefined
  #running: Promise<Snapshot> | undefined
  #collecting: Promise<CollectionResult> | undefined
  #clock: Clock = new SystemClock()
  #startTimes = new StartTimes(this.#clock)
  #isBound = false

  /**
   * Reads this registry's metrics directly and in full resolution, instead of what its instruments left in the SDK. Wombat's
   * names are read even if they are not exported (`semconv: 'otel'`): alerts and health checks need them. Returns a function
   * that stops following. `clock` dates the snapshots, and `own` counts the collections.
   */
  follow(registry: MetricsRegistry, clock: Clock = new SystemClock(), own = registry): () => void {
    this.#own = own
    const producer = createInternalProducer(registry, clock)
    this.#clock = clock
    this.#startTimes = new StartTimes(clock)
    this.#registry = registry
    this.#producer = producer
    return () => {
      if (this.#producer !== producer) return
      this.#own = undefined
      this.#registry = undefined
      this.#producer = undefined
    }
  }

  /**
   * Returns the metrics as they are now. While a collection runs, every further call returns the same promise: its snapshot may
   * lack values that were recorded after the collection began. Call it again after it resolves to get them.
   *
   * @throws Error if the reader belongs to no MeterProvider, or was shut down.
   */
  take(): Promise<Snapshot> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /**
   * @internal Collects the SDK's metrics without copying those of the followed registry.
   *
   * @throws Error as `take` does.
   */
  async read(): Promise<Reading> {
    this.assertBound()
    const startMs = performance.now()
    const { resourceMetrics, errors } = await this.#collectOthers({ timeoutMillis: collectTimeoutMs })
    await this.#registry?.collectors.collect()
    const own = this.#own
    const durationMs = performance.now() - startMs
    return {
      registry: this.#registry,
      foreign: resourceMetrics.scopeMetrics,
      resource: completeResource(resourceMetrics.resource),
      errors,
      startTimes: this.#startTimes,
      record: (points) => recordCollection(own, points, durationMs),
    }
  }

  /** Collects the SDK's metrics, and replaces those of a followed registry by the registry's own values. */
  override async collect(options?: MetricCollectOptions): Promise<CollectionResult> {
    const sdk = await this.#collectOthers(options)
    if (this.#producer === undefined) return sdk
    const own = await this.#producer.collect()
    const others = sdk.resourceMetrics.scopeMetrics
    return {
      resourceMetrics: {
        resource: sdk.resourceMetrics.resource,
        scopeMetrics: [...others, ...own.resourceMetrics.scopeMetrics],
      },
      errors: sdk.errors,
    }
  }

  /** @throws Error if the reader belongs to no MeterProvider. */
  assertBound(): void {
    if (this.#isBound) return
    throw new Error(
      'this SnapshotReader belongs to no MeterProvider: first create the provider (or start the NodeSDK) with it among the readers',
    )
  }

  protected override onInitialized(): void {
    this.#isBound = true
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}

  /** Collects what the followed registry does not have. While a collection runs, every further call returns its result. */
  #collectOthers(options?: MetricCollectOptions): Promise<CollectionResult> {
    this.#collecting ??= this.#collectSdk(options).finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  async #collectSdk(options?: MetricCollectOptions): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(options)
    const { resource, scopeMetrics } = resourceMetrics
    const others = scopeMetrics.flatMap((scope) => withoutOwnMetrics(scope, this.#registry))
    return { resourceMetrics: { resource, scopeMetrics: others }, errors }
  }

  async #take(): Promise<Snapshot> {
    this.assertBound()
    this.#clock.synchronize()
    const startMs = performance.now()
    const busyBefore = this.#producer?.busySeconds ?? 0
    const { resourceMetrics, errors } = await this.collect({ timeoutMillis: collectTimeoutMs })
    completeResource(resourceMetrics.resource)
    const snapshot = new Snapshot(resourceMetrics, this.#clock.nowMs(), errors)
    const busySeconds = (this.#producer?.busySeconds ?? 0) - busyBefore
    const longestSeconds = this.#producer?.takeLongestSlice() ?? 0
    recordCollection(this.#own, countPoints(snapshot), performance.now() - startMs, busySeconds, longestSeconds)
    return snapshot
  }
}

/** Begins to wait for attributes that a detector is still finding out: they are in a later snapshot. */
function completeResource(resource: Resource): Resource {
  if (resource.asyncAttributesPending) void resource.waitForAsyncAttributes?.()
  return resource
}

/**
 * Returns the metrics of a scope without the registry's own series. Others may have the same scope, for example those of a second
 * copy of the package. A series without a value is the registry's own, too: the SDK still has its last value.
 */
function withoutOwnMetrics(metricsOfScope: ScopeMetrics, registry: MetricsRegistry | undefined): ScopeMetrics[] {
  if (registry === undefined || metricsOfScope.scope.name !== scopeName) return [metricsOfScope]
  const families = new Map([...registry.families()].map((family) => [family.definition.name, family.series]))
  const metrics = metricsOfScope.metrics.flatMap((metric) => {
    const own = families.get(metric.descriptor.name)
    if (own === undefined) return [metric]
    const dataPoints = metric.dataPoints.filter(({ attributes }) => !own.has(seriesKey(attributes as Labels)))
    return dataPoints.length === 0 ? [] : [{ ...metric, dataPoints } as MetricData]
  })
  return metrics.length === 0 ? [] : [{ scope: metricsOfScope.scope, metrics }]
}
