/**
 * Measures the operations and the engine of a key-value store, and exports the metrics through the OpenTelemetry API.
 *
 * @module @wombat/instrumentation
 */

import './validation/require-node.ts'

export type { StoreAdapter } from './adapters/adapter.ts'
export { type InstrumentOptions, instrument, storeAdapters, uninstrument } from './instrument.ts'
export type { Counter } from './metrics/counter.ts'
export type { Gauge } from './metrics/gauge.ts'
export type { Histogram } from './metrics/histogram.ts'
export type { HistogramBuckets } from './metrics/histogram-buckets.ts'
export type { Exemplar, ExponentialBuckets, HistogramSnapshot } from './metrics/histogram-snapshot.ts'
export type { InstrumentOwner, RejectReason } from './metrics/instrument-owner.ts'
export type { Labels } from './metrics/labels.ts'
export type { HistogramValue, Metric, MetricBase, SummaryValue } from './metrics/metric.ts'
export type { Numeric } from './metrics/numeric.ts'
export {
  type GaugeAggregation,
  gaugeAggregations,
  latencyBounds,
  type MetricDefinition,
  type MetricKind,
  type MetricName,
  metrics,
  type Operation,
  operations,
  type Semconv,
} from './metrics/semconv.ts'
export type { Instrument, MetricFamily, Series } from './metrics/series.ts'
export type { InFlightOperations, PendingOperation, UntimedGroup, UntimedOperations } from './operations/in-flight.ts'
export type { Method, MethodPatch } from './operations/method-patch.ts'
export type { OpenScan, OpenScans } from './operations/open-scans.ts'
export type { CallDetails, OperationRecorder, StoreIdentity } from './operations/recorder.ts'
export type { GaugeOptions, StoreContext, StoreDescription } from './operations/store-context.ts'
export type { StoreMark } from './operations/store-mark.ts'
export { type MethodName, wrapMethods } from './operations/wrap-method.ts'
export { bindToMeter } from './otel/bind-to-meter.ts'
export { scopeName, sharedRegistry } from './otel/shared-registry.ts'
export { DatabaseMetrics, type DatabaseMetricsOptions } from './recorders/database-metrics.ts'
export { type DiskUsage, StorageMetrics } from './recorders/storage-metrics.ts'
export type { CollectCallback, Collectors } from './registry/collectors.ts'
export type { MeasuredStore, MeasuredStores } from './registry/measured-stores.ts'
export type { FailedOperation, ObservedOperation, ObservedStore, OperationObserver, SlowOperation } from './registry/observer.ts'
export type { BudgetedOperation, OverheadBudget } from './registry/overhead-budget.ts'
export { type AnyMetricName, MetricsRegistry, type RegistryOptions } from './registry/registry.ts'
export type { StoreBinding, StoreProbe, StoreState } from './registry/store-binding.ts'
export type { StoreEvent, StoreEventDetails, StoreEventKind, StoreEventOf } from './registry/store-event.ts'
export type { Closeable } from './registry/store-reference.ts'
