import { parseAccept } from 'hono/utils/accept'

/** A format of the page for Prometheus, as a client asked for it. */
export interface ExpositionFormat {
  /** `openmetrics-plain` is OpenMetrics without the times at which counting started. */
  readonly name: FormatName
  readonly contentType: string
}

export type FormatName = 'text' | 'openmetrics' | 'openmetrics-plain' | 'protobuf'

/** The ways in which clients accept names with characters that no name here has. The answer repeats what was asked. */
const escapings = new Set(['allow-utf-8', 'underscores', 'dots', 'values'])
const protobufMessage = 'io.prometheus.client.MetricFamily'

type Parameters = Readonly<Record<string, string>>

/**
 * Returns the format for an `Accept` header: that with the highest quality that exists here; text 0.0.4 if there is none.
 *
 * A client that accepts OpenMetrics and text, but not protobuf, is a Prometheus that does not use the times at which counting started: it
 * would store each of these lines as a series. One that uses them (`created-timestamp-zero-ingestion`) accepts protobuf, too.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  const accepted = parseAccept(accept ?? '')
    .filter(({ q }) => q > 0)
    .flatMap(({ type, params }) => findFormat(type.toLowerCase(), lowerCaseKeys(params)) ?? [])
  const [format = text('0.0.4', {})] = accepted
  const accepts = (name: FormatName): boolean => accepted.some((other) => other.name === name && other.isNamed)
  const isPlain = format.name === 'openmetrics' && accepts('text') && !accepts('protobuf')
  return { name: isPlain ? 'openmetrics-plain' : format.name, contentType: format.contentType }
}

/** Returns whether a client that sends this `Accept-Encoding` prefers gzip to an answer that is not compressed. */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  const accepted = parseAccept(acceptEncoding ?? '')
  const quality = (name: string): number | undefined => accepted.find(({ type }) => type.toLowerCase() === name)?.q
  const gzip = quality('gzip') ?? quality('x-gzip') ?? quality('*') ?? 0
  return gzip > 0 && gzip >= (quality('identity') ?? 0)
}

interface FoundFormat extends ExpositionFormat {
  /** Whether the client named it, and not only any type. */
  readonly isNamed: boolean
}

function findFormat(type: string, parameters: Parameters): FoundFormat | undefined {
  const { version } = parameters
  switch (type) {
    case 'application/vnd.google.protobuf': {
      const { proto, encoding } = parameters
      if (proto !== protobufMessage || encoding !== 'delimited') return undefined
      return create('protobuf', `${type}; proto=${protobufMessage}; encoding=delimited`, parameters)
    }
    case 'application/openmetrics-text':
      if (version !== undefined && version !== '1.0.0' && version !== '0.0.1') return undefined
      return create('openmetrics', `${type}; version=${version ?? '0.0.1'}; charset=utf-8`, parameters)
    case 'text/plain':
      if (version !== undefined && version !== '1.0.0' && version !== '0.0.4') return undefined
      return text(version ?? '0.0.4', parameters)
    case 'text/*':
    case '*/*':
      return { ...text('0.0.4', {}), isNamed: false }
    default:
      return undefined
  }
}

function text(version: string, parameters: Parameters): FoundFormat {
  return create('text', `text/plain; version=${version}; charset=utf-8`, parameters)
}

function create(name: FormatName, contentType: string, { escaping }: Parameters): FoundFormat {
  const isKnown = escaping !== undefined && escapings.has(escaping)
  return { name, contentType: isKnown ? `${contentType}; escaping=${escaping}` : contentType, isNamed: true }
}

function lowerCaseKeys(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key.toLowerCase(), value]))
}
