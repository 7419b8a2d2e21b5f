import type { Span, TraceFlags } from '@opentelemetry/api'
import type { Histogram } from '../metrics/histogram.ts'
import { findSpanContext } from '../otel/span.ts'
import type { OperationObserver } from '../registry/observer.ts'
import { nowMs } from './clock.ts'

// A constant of the API, which is not loaded for it.
const sampledFlag = 1 as TraceFlags.SAMPLED

/**
 * Keeps the trace of a timed operation as an exemplar of its latency, if it ran inside a sampled span: its own, or the active one of the
 * application, in whose context it settles. Never throws.
 *
 * @param duration the same under the name of the semantic conventions, if that is exported.
 */
export function keepExemplar(
  observer: OperationObserver,
  latency: Histogram,
  duration: Histogram | undefined,
  seconds: number,
  details: { readonly startMs: number; readonly span?: Span | undefined } | undefined,
): void {
  const span = details?.span
  if (!observer.exemplarsEnabled || (span === undefined && !observer.mayBeInSpan)) return
  // It has just ended: only a synchronous operation needs another reading of the clock.
  const endMs = details === undefined ? nowMs() : details.startMs + seconds * 1000
  if (!latency.takesExemplar(seconds, endMs)) return
  const context = findSpanContext(span, observer.onTracerFailure)
  if (context === undefined || (context.traceFlags & sampledFlag) === 0) return
  const exemplar = { value: seconds, timeMs: Date.now(), traceId: context.traceId, spanId: context.spanId }
  latency.setExemplar(exemplar)
  duration?.setExemplar(exemplar)
}
