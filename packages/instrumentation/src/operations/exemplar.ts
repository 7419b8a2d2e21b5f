import type { Span, TraceFlags } from '@opentelemetry/api'
import type { Histogram } from '../metrics/histogram.ts'
import { findSpanContext } from '../otel/span.ts'
import type { OperationObserver } from '../registry/observer.ts'

// A constant of the API, which is not loaded for it.
const sampledFlag = 1 as TraceFlags.SAMPLED

/**
 * Keeps the trace of a timed operation as an exemplar of its latency, if it ran inside a sampled span: its own, or the active one of the
 * application, in whose context it settles. Never throws.
 *
 * @param span the span of the operation itself.
 */
export function keepExemplar(latency: Histogram, seconds: number, span: Span | undefined, observer: OperationObserver): void {
  if (!observer.exemplarsEnabled || (span === undefined && !observer.mayBeInSpan)) return
  const context = findSpanContext(span, observer.onTracerFailure)
  if (context === undefined || (context.traceFlags & sampledFlag) === 0) return
  const { traceId, spanId } = context
  latency.setExemplar({ value: seconds, timeMs: Date.now(), traceId, spanId })
}
