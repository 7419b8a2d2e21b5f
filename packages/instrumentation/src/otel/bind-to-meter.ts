import { type Attributes, diag, type Meter, type Observable, type ObservableCallback } from '@opentelemetry/api'
import { Counter } from '../metrics/counter.ts'
import { Gauge } from '../metrics/gauge.ts'
import { Histogram } from '../metrics/histogram.ts'
import { isExported, latencyBounds } from '../metrics/semconv.ts'
import type { MetricFamily, Series } from '../metrics/series.ts'
import type { Collectors } from '../registry/collectors.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/**
 * Shows a registry on a Meter: counters and gauges as observable instruments that look at the cells, histograms as
 * synchronous ones that are told of each value (the API has no other way). For a MeterProvider that is the application's;
 * readers of our own take a registry's histograms and all else as a MetricProducer, at no cost per operation.
 * Values recorded in a histogram before this call are not in the Meter's.
 *
 * @returns the way back: nothing of the registry is observed or told any more.
 */
export function bindToMeter(registry: MetricsRegistry, meter: Meter): () => void {
  const bound = new Map<string, Binding>()
  const stop = registry.onSeries((family, series) => {
    try {
      let binding = bound.get(family.definition.name)
      if (binding === undefined) {
        if (!isExported(family.definition.name, registry.semconv)) return
        binding = bind(family, meter, registry.collectors)
        bound.set(family.definition.name, binding)
      }
      binding.add(series)
    } catch (error) {
      diag.error(`@wombat/instrumentation: the meter refused ${family.definition.name}`, error)
    }
  })
  return () => {
    stop()
    for (const binding of bound.values()) binding.release()
  }
}

interface Binding {
  add(series: Series): void
  release(): void
}

function bind({ definition, series }: MetricFamily, meter: Meter, sources: Collectors): Binding {
  const { name, kind, unit, description, bounds = latencyBounds } = definition
  if (kind === 'counter') return observe(meter.createObservableCounter(name, { unit, description }), series, sources)
  if (kind === 'gauge') return observe(meter.createObservableGauge(name, { unit, description }), series, sources)
  const histogram = meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: [...bounds] } })
  const stops: Array<() => void> = []
  return {
    add({ instrument, labels }) {
      if (!(instrument instanceof Histogram)) return
      const attributes = { ...labels }
      const record = (value: number): void => {
        try {
          histogram.record(value, attributes)
        } catch {
          // The SDK's own failure must not reach the store's caller; the cell has the value all the same.
        }
      }
      stops.push(tell(instrument, record))
    },
    release() {
      for (const stop of stops.splice(0)) stop()
    },
  }
}

type Sink = (value: number) => void

/** Who is told of a cell's values: a registry may be on several meters. */
const sinks = new WeakMap<Histogram, Set<Sink>>()

/** Tells one more of every value of the cell. Returns the way back. */
function tell(cell: Histogram, sink: Sink): () => void {
  const all = sinks.get(cell) ?? new Set()
  sinks.set(cell, all)
  const connect = (): void => {
    const [first, ...others] = all
    const toAll: Sink = (value) => {
      for (const each of all) each(value)
    }
    cell.sink = others.length === 0 ? first : toAll
  }
  all.add(sink)
  connect()
  return () => {
    all.delete(sink)
    connect()
  }
}

function observe(instrument: Observable<Attributes>, series: MetricFamily['series'], sources: Collectors): Binding {
  const callback: ObservableCallback = async (result) => {
    await sources.collect()
    for (const { instrument, labels } of series.values()) {
      if (instrument instanceof Counter) result.observe(instrument.value, labels)
      else if (instrument instanceof Gauge && instrument.value !== undefined) result.observe(instrument.value, labels)
    }
  }
  instrument.addCallback(callback)
  return { add: () => {}, release: () => instrument.removeCallback(callback) }
}
