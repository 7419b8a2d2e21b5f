import {
  type Context,
  type ContextManager,
  context,
  type DiagLogger,
  diag,
  type MeterProvider,
  metrics,
  type Span,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'

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
 * what both have, so it looks there itself.
 */
const slotKey = Symbol.for('opentelemetry.js.api.1')

function globalApi(): GlobalApi {
  return (globalThis as { [slotKey]?: GlobalApi })[slotKey] ?? {}
}

/** Returns the global MeterProvider, whichever copy of the API registered it; a no-op one if there is none. */
export function globalMeterProvider(): MeterProvider {
  return globalApi().metrics ?? metrics.getMeterProvider()
}

/** Returns the active context. */
export function activeContext(): Context {
  return globalApi().context?.active() ?? context.active()
}

/** Returns the active span; undefined if there is none. */
export function activeSpan(): Span | undefined {
  return trace.getSpan(activeContext())
}

/** Runs a function in a context. */
export function withContext<Result>(target: Context, run: () => Result): Result {
  const manager = globalApi().context
  return manager === undefined ? run() : manager.with(target, run)
}

/** Binds a function to a context. */
export function bindContext<Work>(target: Context, work: Work): Work {
  return globalApi().context?.bind(target, work) ?? work
}

/** Returns the logger of OpenTelemetry's own messages. */
export function diagnosticLogger(): DiagLogger {
  return globalApi().diag ?? diag
}

/** Returns a tracer of the global TracerProvider, even if that is registered later, by whichever copy of the API. */
export function globalTracer(name: string): Tracer {
  let provider: TracerProvider | undefined
  let tracer: Tracer | undefined
  const current = (): Tracer => {
    const registered = globalApi().trace ?? trace.getTracerProvider()
    if (tracer === undefined || registered !== provider) {
      provider = registered
      tracer = registered.getTracer(name)
    }
    return tracer
  }
  return {
    startSpan: (...call) => current().startSpan(...call),
    startActiveSpan: (...call: unknown[]) => Reflect.apply(current().startActiveSpan, current(), call),
  } as Tracer
}
