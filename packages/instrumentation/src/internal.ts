/**
 * The parts of this package that only `@wombat/monitor` and `@wombat/dashboards` use. They may change in any release:
 * use packages of the same release together.
 *
 * @module @wombat/instrumentation/internal
 */

import './validation/require-node.ts'

export { storeModules } from './auto/store-modules.ts'
export { stat } from './engines/files/file-access.ts'
export { Semaphore } from './engines/files/slots.ts'
export { parseVolume, type Volume } from './engines/files/volume.ts'
export { storeOptionNames } from './instrument.ts'
export { reservedNames } from './metrics/definition.ts'
export { errorKind, errorType, otherError } from './metrics/error-type.ts'
export { combineGauges } from './metrics/gauge.ts'
export { HistogramSnapshot } from './metrics/histogram-snapshot.ts'
export { rejectReasons } from './metrics/instrument-owner.ts'
export { seriesKey } from './metrics/labels.ts'
export { summarize, summaryQuantiles } from './metrics/metric.ts'
export { clientOperationDuration, isCatalogMetric, isExported, operationMetrics } from './metrics/semconv.ts'
export { excludeFromMeasuring } from './operations/store-mark.ts'
export { threadMonitorKey } from './otel/join-main-thread.ts'
export { claimDefaultRegistry, type DefaultRegistryClaim, holdDefaultRegistry } from './otel/shared-registry.ts'
export { type ControlGroupMemory, readControlGroupMemory } from './process/control-group.ts'
export { collectProcessMemory, processMemoryLimit, readProcessMemory } from './process/process-memory.ts'
export { calloutTargets } from './registry/callouts.ts'
export { globalTracer, withContextValue } from './registry/global-api.ts'
export { MeasuredStores } from './registry/measured-stores.ts'
export { OperationObserver } from './registry/observer.ts'
export { createLabeledRegistry, forgetReasons } from './registry/registry.ts'
export { storeOf } from './registry/store-series.ts'
export { describeValue } from './validation/describe-value.ts'
export { networkProblem, permissionProblem, threadProblem } from './validation/permission.ts'
export { validateOptions } from './validation/validate-options.ts'
