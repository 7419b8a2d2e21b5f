import { context, type Span, type SpanContext, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { Operation } from '../metrics/semconv.ts'
import type { ObservedOperation } from '../registry/observer.ts'

type Identity = Pick<ObservedOperation, 'store' | 'engine'>

/**
 * A span of an operation, as a child of the active one, by OpenTelemetry's stable conventions (semantic conventions 1.44,
 * "database spans"): INTERNAL, because an embedded store is called within the process. Neither key nor value is in it. Undefined
 * where the application's tracer fails: that must not reach the store's caller.
 *
 * It begins when the store does, which is not always when it is called: what is called of an abstract-level database that still
 * opens waits for that first. `inContextOfNow` has it stand below its caller all the same. Only a sublevel that is measured
 * through its database, and is called while the sublevel itself opens, has its first operations below whoever made it.
 */
export function startSpan(tracer: Tracer, { store, engine }: Identity, operation: Operation): Span | undefined {
  try {
    return tracer.startSpan(`${operation} ${store}`, {
      kind: SpanKind.INTERNAL,
      attributes: { 'db.system.name': engine, 'db.namespace': store, 'db.operation.name': operation },
    })
  } catch {
    return undefined
  }
}

/** @param failure the `error.type` of an operation that failed. */
export function endSpan(span: Span, operation: Operation, entries: number, failure?: string): void {
  try {
    // A batch of one is no batch, in the convention's eyes.
    if (operation === 'batch' && entries > 1) span.setAttribute('db.operation.batch.size', entries)
    if (failure !== undefined) {
      span.setAttribute('error.type', failure)
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end()
  } catch {
    // As above.
  }
}

/** Runs a part of an operation as its span's, so that what the store calls of others is seen below it. */
export function withSpan<Result>(span: Span | undefined, run: () => Result): Result {
  return span === undefined ? run() : context.with(trace.setSpan(context.active(), span), run)
}

/**
 * For a store that puts off what it is called for: the same, to run in the context in which it is put off. Otherwise it would
 * run, and have its span, in the context of whoever opened the store: another request's, for example.
 */
export function bindActiveContext<Work>(work: Work): Work {
  try {
    return context.bind(context.active(), work)
  } catch {
    return work
  }
}

/** Where in a trace an operation stands: its own span or, without one, the span it was called in, in whose context it settles. */
export function spanContextOf(span: Span | undefined): SpanContext | undefined {
  try {
    return (span ?? trace.getActiveSpan())?.spanContext()
  } catch {
    return undefined
  }
}
