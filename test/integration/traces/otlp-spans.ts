/** A span received over OTLP. */
export interface OtlpSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Undefined if the span is the root of its trace. */
  readonly parentSpanId: string | undefined
  readonly kind: 'internal' | 'server' | 'client' | 'other'
  readonly isError: boolean
  readonly attributes: Readonly<Record<string, string>>
  /** The name of the tracer that created it. */
  readonly scope: string
  /** The complete span as JSON. */
  readonly text: string
}

interface JsonSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind?: number
  readonly status?: { readonly code?: number }
  readonly attributes?: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>
}

interface OtlpBody {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly scope: { readonly name: string }; readonly spans: readonly JsonSpan[] }>
  }>
}

/** Span kinds by their numbers in opentelemetry/proto/trace/v1/trace.proto. */
const kinds: Readonly<Record<number, OtlpSpan['kind']>> = { 1: 'internal', 2: 'server', 3: 'client' }
const errorCode = 2

/** Returns the spans of an OTLP/JSON request. */
export function parseOtlpSpans(body: Buffer): OtlpSpan[] {
  const { resourceSpans } = JSON.parse(body.toString()) as OtlpBody
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => toSpan(span, scope.name))),
  )
}

function toSpan(span: JsonSpan, scope: string): OtlpSpan {
  const { name, traceId, spanId, parentSpanId, kind = 0, status, attributes = [] } = span
  return {
    name,
    traceId,
    spanId,
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    kind: kinds[kind] ?? 'other',
    isError: status?.code === errorCode,
    // Each attribute has one value; its key is the type.
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])])),
    scope,
    text: JSON.stringify(span),
  }
}
