import type { Random } from './random-choice.ts'

/** The parts of an OpenAPI description that requests are made from. */
export interface ApiDescription {
  readonly paths: Readonly<Record<string, Readonly<Record<string, EndpointDescription>>>>
}

interface EndpointDescription {
  readonly parameters?: ReadonlyArray<{
    readonly name: string
    readonly in: 'query' | 'path'
    readonly required: boolean
    readonly schema: JsonSchema
  }>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly minimum?: number
}

/** One request, and the statuses that the description allows for it. */
export interface EndpointRequest {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
  readonly statuses: ReadonlySet<number>
}

/** Statuses that every endpoint may answer: without a token, with a wrong request, and if there is too much to do. */
const commonStatuses = [400, 401, 403, 404, 405, 406, 413, 414, 415, 421, 422, 429, 431, 503]
/** Streams do not end by themselves, and a change of the session or of settings would change what the other requests see. */
const leftOut = /\/events\/stream|\/session|\/settings/
const moments = ['now', '-1h', '-5m', '-31d', '0', '-1', 'tomorrow', '1e400', '9007199254740993', '2026-01-01T00:00:00Z']
const spans = ['1s', '1m', '5m', '1h', '31d', '0s', '-1m', '1ms', 'NaN', '5', '']
const names = [
  'db_get_operations_total',
  'db_get_latency_seconds',
  'wombat_monitor_points_total',
  'no_such_metric',
  '__name__',
  'a b',
]
const junk = [
  '',
  '%00',
  '../..',
  '😀',
  'a'.repeat(3000),
  '{{ value | __proto__ }}',
  "' OR 1=1 --",
  '\u202e',
  '[object Object]',
  'constructor',
]

/** Makes requests from a description: valid ones, and ones with anything in place of a parameter. */
export function* createRequests(description: ApiDescription, random: Random): Generator<EndpointRequest> {
  const endpoints = Object.entries(description.paths)
    .filter(([path]) => !leftOut.test(path))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, endpoint]) => ({ path, method, endpoint })))
  for (;;) {
    const { path, method, endpoint } = random.pick(endpoints)
    const query = new URLSearchParams()
    let filled = path
    for (const { name, in: place, required, schema } of endpoint.parameters ?? []) {
      const value = createValue(name, schema, random)
      if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(value))
      else if (required ? random.isLikely(0.9) : random.isLikely(0.5)) {
        const times = schema.type === 'array' ? random.integer(1, 3) : 1
        for (let time = 0; time < times; time++) {
          query.append(name === 'label.NAME' ? 'label.store' : name, createValue(name, schema.items ?? schema, random))
        }
      }
    }
    // A repeated and an unknown parameter are answered, too.
    if (random.isLikely(0.1)) query.append(random.pick(['start', 'nonsense', 'metric']), random.pick(junk))
    const text = query.toString()
    yield {
      method: method.toUpperCase(),
      path: text === '' ? filled : `${filled}?${text}`,
      body: endpoint.requestBody === undefined ? undefined : createBody(endpoint.requestBody, random),
      statuses: new Set([...Object.keys(endpoint.responses).map(Number), ...commonStatuses]),
    }
  }
}

function createValue(name: string, schema: JsonSchema, random: Random): string {
  if (random.isLikely(0.2)) return random.pick(junk)
  if (schema.enum !== undefined) return random.pick(schema.enum)
  if (/start|end|since|time/i.test(name)) return random.pick(moments)
  if (/step|window|range|duration/i.test(name)) return random.pick(spans)
  if (/metric|name/i.test(name)) return random.pick(names)
  if (/store/i.test(name)) return random.pick(['orders', 'carts', 'nobody'])
  if (schema.type === 'integer' || schema.type === 'number') {
    return random.pick(['0', '1', '100', '-1', '1e9', '1e400', '0.5', 'NaN', 'many', String(schema.minimum ?? 2)])
  }
  if (schema.type === 'boolean') return random.pick(['true', 'false', '1'])
  return random.pick(['orders', 'Episode', 'x', ...junk])
}

function createBody({ content }: NonNullable<EndpointDescription['requestBody']>, random: Random): string {
  const kind = random.integer(0, 4)
  if (kind === 0)
    return random.pick(['', '{', 'null', '[]', '"text"', '{"__proto__":{"a":1}}', '['.repeat(10_000), 'x'.repeat(100_000)])
  const properties = Object.values(content)[0]?.schema.properties ?? {}
  const fields = Object.entries(properties).filter(() => random.isLikely(0.7))
  return JSON.stringify(
    Object.fromEntries(
      fields.map(([name, schema]) => [
        name,
        random.isLikely(0.3) ? random.pick<unknown>([null, {}, [], -1, '']) : createValue(name, schema, random),
      ]),
    ),
  )
}
