import { createRequire } from 'node:module'
import type { Resource } from '@opentelemetry/resources'
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { type Clock, SystemClock } from '../time/clock.ts'
import { RegistryProducer } from './registry-producer.ts'
import { createResource, type ResourceAttributes } from './resource.ts'
import { addSelfTime } from './self-metrics.ts'
import { Snapshot } from './snapshot.ts'
import { StartTimes } from './start-times.ts'

/** What a page for Prometheus is written from: the series of a registry themselves, without a copy, and what else there is. */
export interface Reading {
  /** Undefined if the reader follows none. Its collectors have run. */
  readonly registry: MetricsRegistry | undefined
  /** The metrics of the application. */
  readonly foreign: readonly ScopeMetrics[]
  readonly resource: Resource
  /** Errors of the collection. If there are any, points may be missing or old. */
  readonly errors: readonly unknown[]
  /** When the series were created; to be updated first. */
  readonly startTimes: StartTimes
  /** Records the collection, when everything is read: how many points there were. */
  readonly record: (points: number) => void
}

/** Reads the metrics for everything inside the process: Prometheus text, JSON, the log, history, health checks and alerts. */
export interface Reader {
  /**
   * Reads this registry from now on; returns a function that stops.
   *
   * @param clock dates the snapshots.
   * @param own where collections are counted (default: the registry that is read).
   */
  follow(registry: MetricsRegistry, clock?: Clock, own?: MetricsRegistry): () => void
  /** Returns the metrics as they are now. While a collection runs, every further call returns the same promise. */
  take(): Promise<Snapshot>
  /** Collects without copying anything: the values are those of the moment at which they are read. */
  read(): Promise<Reading>
  /** Loads what the resource of a snapshot needs. Only a page for Prometheus has it. */
  prepareResource?(): Promise<void>
}

/** Creates a producer for everything inside the process. Wombat's names are read even if they are not exported. */
export function createInternalProducer(registry: MetricsRegistry, clock: Clock): RegistryProducer {
  return new RegistryProducer(registry, { semconv: registry.semconv === 'wombat' ? 'wombat' : 'both', clock })
}

/** Records what a collection cost, in the registry that it read. */
export function recordCollection(
  registry: MetricsRegistry | undefined,
  points: number,
  durationMs: number,
  busySeconds = 0,
  longestSeconds = busySeconds,
): void {
  registry?.recordHistogram('wombat_monitor_collection_duration_seconds', durationMs / 1000)
  if (registry !== undefined) addSelfTime(registry, 'collection', busySeconds, longestSeconds)
  registry?.setGauge('wombat_monitor_points', points)
}

/** Returns the number of points in a snapshot. */
export function countPoints({ resourceMetrics }: Snapshot): number {
  let points = 0
  for (const { metrics } of resourceMetrics.scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
  return points
}

interface Followed {
  readonly registry: MetricsRegistry
  readonly own: MetricsRegistry
  readonly producer: RegistryProducer
  readonly clock: Clock
  readonly startTimes: StartTimes
}

/** Reads one registry without OpenTelemetry's SDK: no other metric could be in a MeterProvider that only Wombat knows. */
export class RegistryReader implements Reader {
  readonly #resourceAttributes: ResourceAttributes
  #resource: Resource | undefined
  #followed: Followed | undefined
  #running: Promise<Snapshot> | undefined
  #isClosed = false

  constructor(resourceAttributes: ResourceAttributes) {
    this.#resourceAttributes = resourceAttributes
  }

  follow(registry: MetricsRegistry, clock: Clock = new SystemClock(), own = registry): () => void {
    const followed = {
      registry,
      own,
      clock,
      producer: createInternalProducer(registry, clock),
      startTimes: new StartTimes(clock),
    }
    this.#followed = followed
    return () => {
      if (this.#followed === followed) this.#followed = undefined
    }
  }

  /** @throws Error if the reader was closed. */
  take(): Promise<Snapshot> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** @throws Error if the reader was closed. */
  async read(): Promise<Reading> {
    const { registry, own, startTimes } = this.#assertReadable()
    const startMs = performance.now()
    await registry.collectors.collect()
    const durationMs = performance.now() - startMs
    const createOnRead = (): Resource => this.#createResource()
    return {
      registry,
      foreign: [],
      get resource() {
        return createOnRead()
      },
      errors: [],
      startTimes,
      record: (points) => recordCollection(own, points, durationMs),
    }
  }

  async prepareResource(): Promise<void> {
    this.#createResource()
  }

  /** Ends reading: from now on, `take` rejects. */
  close(): void {
    this.#isClosed = true
  }

  async #take(): Promise<Snapshot> {
    const { own, producer, clock } = this.#assertReadable()
    clock.synchronize()
    const startMs = performance.now()
    const busyBefore = producer.busySeconds
    const { resourceMetrics, errors } = await producer.collect()
    const { scopeMetrics } = resourceMetrics
    const createOnRead = (): Resource => this.#createResource()
    const snapshot = new Snapshot(
      {
        get resource() {
          return createOnRead()
        },
        scopeMetrics,
      },
      clock.nowMs(),
      errors,
    )
    const busySeconds = producer.busySeconds - busyBefore
    recordCollection(own, countPoints(snapshot), performance.now() - startMs, busySeconds, producer.takeLongestSlice())
    return snapshot
  }

  #assertReadable(): Followed {
    if (this.#isClosed) throw new Error('monitoring is closed: its metrics cannot be read any more')
    if (this.#followed === undefined) throw new Error('the reader follows no registry')
    return this.#followed
  }

  /** Loads OpenTelemetry's resources when they are read, if `prepareResource` has not. */
  #createResource(): Resource {
    if (this.#resource === undefined) {
      const resources: typeof import('@opentelemetry/resources') = createRequire(import.meta.url)('@opentelemetry/resources')
      this.#resource = createResource(resources, this.#resourceAttributes)
    }
    if (this.#resource.asyncAttributesPending) void this.#resource.waitForAsyncAttributes?.()
    return this.#resource
  }
}
