import type { Span, SpanContext, SpanKind, SpanOptions, SpanStatusCode, Tracer } from '@opentelemetry/api'
import type { Operation } from '../metrics/semconv.ts'
import { activeSpan, bindToActiveContext, withActiveSpan } from '../registry/global-api.ts'
import type { ObservedOperation } from '../registry/observer.ts'

/** Counts an error of the application's tracer or context manager, which must not reach the store's caller. */
type OnFailure = (error: unknown) => void

// Constants of the API, which is not loaded for them.
const internalKind = 0 as SpanKind.INTERNAL
const errorStatus = 2 as SpanStatusCode.ERROR

type Identity = Pick<ObservedOperation, 'store' | 'engine'>

/** What the spans of one kind of operation have in common. */
export interface OperationSpans {
  readonly name: string
  readonly options: SpanOptions
}

/** Returns the name and the attributes of the spans of one kind of operation. */
export function describeSpans({ store, engine }: Identity, operation: Operation): OperationSpans {
  const attributes = { 'db.system.name': engine, 'db.namespace': store, 'db.operation.name': operation }
  return { name: `${operation} ${store}`, options: Object.freeze({ kind: internalKind, attributes: Object.freeze(attributes) }) }
}

/**
 * Starts the span of an operation as a child of the active span, by OpenTelemetry's stable conventions (semantic
 * conventions 1.44, "Database spans"). Its kind is INTERNAL, because an embedded store is called within the process. It
 * contains neither key nor value. Returns `undefined` if the application's tracer throws: that error must not reach the
 * store's caller.
 *
 * The span starts when the store does the work, which may be later than the call: an abstract-level database that is
 * still opening defers its operations. `bindActiveContext` keeps a deferred operation below its caller's span. One case
 * remains: the first operations of a sublevel that is still opening, and that is measured through its database, become
 * children of the span in which the sublevel was created.
 */
export function startSpan(tracer: Tracer, { name, options }: OperationSpans, onFailure: OnFailure): Span | undefined {
  try {
    return tracer.startSpan(name, options)
  } catch (error) {
    onFailure(error)
    return undefined
  }
}

/** Returns whether a span is recorded: one that is not has the same effect on spans below as the span above it. Never throws. */
export function isRecording(span: Span, onFailure: OnFailure): boolean {
  try {
    return span.isRecording?.() ?? true
  } catch (error) {
    onFailure(error)
    return false
  }
}

/**
 * Ends the span of an operation. Never throws.
 *
 * @param entries how many entries a batch wrote.
 * @param failure the `error.type` of a failed operation.
 */
export function endSpan(span: Span, operation: Operation, entries: number, onFailure: OnFailure, failure?: string): void {
  try {
    // The convention does not treat a batch of one as a batch.
    if (operation === 'batch' && entries > 1) span.setAttribute('db.operation.batch.size', entries)
    if (failure !== undefined) {
      span.setAttribute('error.type', failure)
      span.setStatus({ code: errorStatus })
    }
    span.end()
  } catch (error) {
    // It must not reach the store's caller.
    onFailure(error)
  }
}

/**
 * Runs a function with the span as the active one, so that spans created inside become its children. If the context manager throws,
 * it runs without.
 */
export function withSpan<Result>(span: Span | undefined, run: () => Result, onFailure: OnFailure): Result {
  if (span === undefined) return run()
  let hasStarted = false
  try {
    return withActiveSpan(span, () => {
      hasStarted = true
      return run()
    })
  } catch (error) {
    if (hasStarted) throw error
    onFailure(error)
    return run()
  }
}

/**
 * Binds deferred work to the active context. Without it, the work and its span would use the context of the code that
 * opened the store, for example of another request. Returns the work unchanged if the context manager throws.
 */
export function bindActiveContext<Work>(work: Work, onFailure: OnFailure): Work {
  try {
    return bindToActiveContext(work)
  } catch (error) {
    onFailure(error)
    return work
  }
}

/**
 * Returns the span context of an operation: that of its own span or, without one, of the active span, because an
 * operation settles in the context of its call. `undefined` if there is none.
 */
export function findSpanContext(span: Span | undefined, onFailure: OnFailure): SpanContext | undefined {
  try {
    return (span ?? activeSpan())?.spanContext()
  } catch (error) {
    onFailure(error)
    return undefined
  }
}
