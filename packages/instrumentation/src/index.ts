export type { EngineReader, StoreAdapter } from './adapter.ts'
export { type Combine, type CounterCell, type GaugeCell, type Refusal, refusals } from './cell.ts'
export { DatabaseMetrics, type DatabaseMetricsOptions } from './database-metrics.ts'
export { latencyBounds, type MetricDefinition, type MetricKind } from './definition.ts'
export { controlGroupMemory, type GroupMemory } from './engines/control-group.ts'
export { type Volume, volumeIn } from './engines/disk-usage.ts'
export { processMemoryLimit, watchProcessMemory } from './engines/process-memory.ts'
export { errorKind } from './error-kind.ts'
export { errorType, otherError } from './error-type.ts'
export type { HistogramCell } from './histogram.ts'
export { type ExponentialBuckets, HistogramReading } from './histogram-reading.ts'
export { type InstrumentOptions, instrument, storeAdapters, uninstrument } from './instrument.ts'
export { bindToMeter } from './instruments.ts'
export { identityOf, type Labels } from './labels.ts'
export { type MeasuredStore, MeasuredStores, type StoreProbe, type StoreState } from './measured-store.ts'
export { type HistogramValue, type Metric, type SummaryValue, summaryOf, summaryQuantiles } from './metric.ts'
export { type FailedOperation, OperationWatch, type SlowOperation, type WatchedOperation } from './operation-watch.ts'
export { type AnyMetricName, MetricsRegistry, type RegistryOptions } from './registry.ts'
export {
  clientOperationDuration,
  isExported,
  type MetricName,
  metrics,
  metricsOf,
  type Operation,
  operations,
  type Semconv,
} from './semconv.ts'
export type { Cell, Family, Series } from './series.ts'
export { scopeName, sharedRegistry } from './shared-registry.ts'
export type { Source, Sources } from './sources.ts'
export { type DiskUsage, StorageMetrics } from './storage-metrics.ts'
export type { StoreOperations } from './store-operations.ts'
export { timeMethods } from './time-methods.ts'
