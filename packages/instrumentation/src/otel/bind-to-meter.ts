import type { Attributes, Meter, Observable, ObservableCallback } from '@opentelemetry/api'
import { Counter } from '../metrics/counter.ts'
import { Gauge } from '../metrics/gauge.ts'
import { Histogram } from '../metrics/histogram.ts'
import { isExported, latencyBounds } from '../metrics/semconv.ts'
import type { MetricFamily, Series } from '../metrics/series.ts'
import type { Collectors } from '../registry/collectors.ts'
import { logDiagnostic } from '../registry/diagnostics.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/**
 * Exports a registry through a Meter of the application's MeterProvider. Counters and gauges become observable
 * instruments, which read the registry at each collection. Histograms become synchronous instruments, which receive
 * each value when it is recorded, because the API has no observable histogram; values recorded before this call are
 * missing in them.
 *
 * `@wombat/monitor` does not use this function: its readers take the whole registry as a MetricProducer, at no cost per
 * operation.
 *
 * @returns a function that removes all callbacks and stops the export.
 *
 * @example
 * ```ts
 * import { bindToMeter, MetricsRegistry } from '@wombat/instrumentation'
 * import { metrics } from '@opentelemetry/api'
 *
 * const registry = new MetricsRegistry()
 * const unbind = bindToMeter(registry, metrics.getMeter('my-application'))
 * registry.incrementCounter('db_get_operations_total', 1, { store: 'orders' })
 * unbind()
 * ```
 */
export function bindToMeter(registry: MetricsRegistry, meter: Meter): () => void {
  const bindings = new Map<string, Binding>()
  const stop = registry.onSeries((family, series) => {
    try {
      let binding = bindings.get(family.definition.name)
      if (binding === undefined) {
        if (!isExported(family.definition.name, registry.semconv)) return
        binding = bind(family, meter, registry.collectors)
        bindings.set(family.definition.name, binding)
      }
      binding.add(series)
    } catch (error) {
      logDiagnostic('error', `the meter rejected ${family.definition.name}; the metric is not exported`, error)
    }
  })
  const stopForgetting = registry.onForget((_, series) => {
    for (const binding of bindings.values()) for (const one of series) binding.remove(one)
  })
  return () => {
    stop()
    stopForgetting()
    for (const binding of bindings.values()) binding.release()
  }
}

/** One metric on one meter. */
interface Binding {
  add(series: Series): void
  remove(series: Series): void
  release(): void
}

function bind({ definition, series }: MetricFamily, meter: Meter, collectors: Collectors): Binding {
  const { name, kind, unit, description, bounds = latencyBounds } = definition
  if (kind === 'counter') return bindObservable(meter.createObservableCounter(name, { unit, description }), series, collectors)
  if (kind === 'gauge') return bindObservable(meter.createObservableGauge(name, { unit, description }), series, collectors)
  const histogram = meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: [...bounds] } })
  const removals = new Map<Series, () => void>()
  return {
    add(one) {
      const { instrument, labels } = one
      if (!(instrument instanceof Histogram)) return
      const attributes = { ...labels }
      const record = (value: number): void => {
        try {
          histogram.record(value, attributes)
        } catch {
          // An error of the SDK must not reach the store's caller. Our own histogram has the value.
        }
      }
      removals.set(one, addSink(instrument, record))
    },
    remove(one) {
      removals.get(one)?.()
      removals.delete(one)
    },
    release() {
      for (const remove of removals.values()) remove()
      removals.clear()
    },
  }
}

type Sink = (value: number) => void

/** The sinks of each histogram: a registry may be bound to several meters. */
const sinksByHistogram = new WeakMap<Histogram, Set<Sink>>()

/** Adds a sink that receives each value of the histogram. Returns a function that removes it. */
function addSink(histogram: Histogram, sink: Sink): () => void {
  const sinks = sinksByHistogram.get(histogram) ?? new Set()
  sinksByHistogram.set(histogram, sinks)
  const connect = (): void => {
    const [first, ...others] = sinks
    const sendToAll: Sink = (value) => {
      for (const each of sinks) each(value)
    }
    histogram.sink = others.length === 0 ? first : sendToAll
  }
  sinks.add(sink)
  connect()
  return () => {
    sinks.delete(sink)
    connect()
  }
}

function bindObservable(observable: Observable<Attributes>, series: MetricFamily['series'], collectors: Collectors): Binding {
  const callback: ObservableCallback = async (result) => {
    await collectors.collect()
    for (const { instrument, labels } of series.values()) {
      if (instrument instanceof Counter) result.observe(instrument.value, labels)
      else if (instrument instanceof Gauge && instrument.value !== undefined) result.observe(instrument.value, labels)
    }
  }
  observable.addCallback(callback)
  return { add: () => {}, remove: () => {}, release: () => observable.removeCallback(callback) }
}
