import { parseAccept } from 'hono/utils/accept'

/** A format of the page for Prometheus, as a client asked for it. */
export interface ExpositionFormat {
  readonly name: 'text' | 'openmetrics' | 'protobuf'
  readonly contentType: string
}

/** The ways in which clients accept names with characters that no name here has. The answer repeats what was asked. */
const escapings = new Set(['allow-utf-8', 'underscores', 'dots', 'values'])
const protobufMessage = 'io.prometheus.client.MetricFamily'

type Parameters = Readonly<Record<string, string>>

/** Returns the format for an `Accept` header: that with the highest quality that exists here; text 0.0.4 if there is none. */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  for (const { type, params, q } of parseAccept(accept ?? '')) {
    const format = q > 0 ? findFormat(type.toLowerCase(), lowerCaseKeys(params)) : undefined
    if (format !== undefined) return format
  }
  return text('0.0.4', {})
}

/** Returns whether a client that sends this `Accept-Encoding` prefers gzip to an answer that is not compressed. */
export function prefersGzip(acceptEncoding: string | undefined): boolean {
  const accepted = parseAccept(acceptEncoding ?? '')
  const quality = (name: string): number | undefined => accepted.find(({ type }) => type.toLowerCase() === name)?.q
  const gzip = quality('gzip') ?? quality('x-gzip') ?? quality('*') ?? 0
  return gzip > 0 && gzip >= (quality('identity') ?? 0)
}

function findFormat(type: string, parameters: Parameters): ExpositionFormat | undefined {
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
    case 'text/*':
    case '*/*':
      if (version !== undefined && version !== '1.0.0' && version !== '0.0.4') return undefined
      return text(version ?? '0.0.4', parameters)
    default:
      return undefined
  }
}

function text(version: string, parameters: Parameters): ExpositionFormat {
  return create('text', `text/plain; version=${version}; charset=utf-8`, parameters)
}

function create(name: ExpositionFormat['name'], contentType: string, { escaping }: Parameters): ExpositionFormat {
  return {
    name,
    contentType: escaping !== undefined && escapings.has(escaping) ? `${contentType}; escaping=${escaping}` : contentType,
  }
}

function lowerCaseKeys(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key.toLowerCase(), value]))
}
