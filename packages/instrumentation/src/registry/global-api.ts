import type { ContextManager, DiagLogger, MeterProvider, Span, Tracer, TracerProvider } from '@opentelemetry/api'

/** What the application has registered globally. */
interface GlobalApi {
  readonly metrics?: MeterProvider
  readonly trace?: TracerProvider
  readonly context?: ContextManager
  readonly diag?: DiagLogger
}

/**
 * Where every copy of `@opentelemetry/api` 1.x keeps what is registered globally. A copy does not return what an older copy has registered,
 * and says nothing: api 1.10, which SDK 3 needs, would never see the providers of an application on SDK 2 and api 1.9. Wombat uses only
 * what both have, so it looks there itself. Nor does it load a copy of its own, which would take a third of the time and memory of
 * `import '@wombat/instrumentation'`.
 */
const slotKey = Symbol.for('opentelemetry.js.api.1')

function globalApi(): GlobalApi {
  return (globalThis as { [slotKey]?: GlobalApi })[slotKey] ?? {}
}

/** The key of the active span in a context: keys with the same description are equal. */
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN')

/** Returns the global MeterProvider, whichever copy of the API registered it; undefined if there is none. */
export function globalMeterProvider(): MeterProvider | undefined {
  return globalApi().metrics
}

/** Returns whether a context manager is registered: without one there is no active span. */
export function hasContextManager(): boolean {
  return globalApi().context !== undefined
}

/** Returns the active span; undefined if there is none. */
export function activeSpan(): Span | undefined {
  return globalApi().context?.active().getValue(spanKey) as Span | undefined
}

/** Runs a function with a span as the active one. */
export function withActiveSpan<Result>(span: Span, run: () => Result): Result {
  return withContextValue(spanKey, span, run)
}

/** Runs a function in the active context with one more value. */
export function withContextValue<Result>(key: symbol, value: unknown, run: () => Result): Result {
  const manager = globalApi().context
  return manager === undefined ? run() : manager.with(manager.active().setValue(key, value), run)
}

/** Binds a function to the active context. */
export function bindToActiveContext<Work>(work: Work): Work {
  const manager = globalApi().context
  return manager === undefined ? work : manager.bind(manager.active(), work)
}

/** Returns the logger of OpenTelemetry's own messages; undefined if the application has none. */
export function diagnosticLogger(): DiagLogger | undefined {
  return globalApi().diag
}

/**
 * Returns a tracer of the global TracerProvider, even if that is registered later, by whichever copy of the API. Without one, its spans are
 * undefined.
 */
export function globalTracer(name: string): Tracer {
  let provider: TracerProvider | undefined
  let tracer: Tracer | undefined
  const current = (): Tracer | undefined => {
    const { trace: registered } = globalApi()
    if (registered !== provider) {
      provider = registered
      tracer = registered?.getTracer(name)
    }
    return tracer
  }
  const startSpan = (...call: Parameters<Tracer['startSpan']>): Span | undefined => current()?.startSpan(...call)
  return { startSpan } as unknown as Tracer
}
