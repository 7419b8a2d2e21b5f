/** A JSON Schema, draft 2020-12. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** A parameter of the query or, if its name is in the path, of the path. */
export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly required: boolean
  readonly description: string
  readonly schema: JsonSchema
}

/** An answer: what it means, and its body by content type. */
export interface Answer {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

/** One endpoint with one method. */
export interface Endpoint {
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: NonNullable<Answer['content']> }
  readonly responses: Readonly<Record<string, Answer>>
  /** `[]`: needs no token. */
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
}

/** The endpoints of one path, by method. */
export type PathItem = Readonly<Partial<Record<'get' | 'post' | 'delete', Endpoint>>>

/** A group of endpoints in the terms of OpenAPI, with the schemas of their answers. */
export interface EndpointGroup {
  readonly paths: Readonly<Record<string, PathItem>>
  readonly schemas: Readonly<Record<string, JsonSchema>>
}

/** Describes an object. A name that ends in `?` may be left out. */
export function object(properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema {
  const required = Object.keys(properties).filter((name) => !name.endsWith('?'))
  const named = Object.entries(properties).map(([name, schema]) => [name.replace(/\?$/, ''), schema])
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(named),
    ...(required.length > 0 && { required }),
  }
}

/** Describes an object with any names. */
export function record(item: JsonSchema, description?: string): JsonSchema {
  return { type: 'object', ...(description !== undefined && { description }), additionalProperties: item }
}

export function list(items: JsonSchema, description?: string): JsonSchema {
  return { type: 'array', ...(description !== undefined && { description }), items }
}

/** Describes a list of a fixed length, such as the time and the value of a point. */
export function tuple(items: readonly JsonSchema[], description?: string): JsonSchema {
  return {
    type: 'array',
    ...(description !== undefined && { description }),
    prefixItems: items,
    minItems: items.length,
    maxItems: items.length,
  }
}

export function text(description?: string): JsonSchema {
  return { type: 'string', ...(description !== undefined && { description }) }
}

export function number(description?: string): JsonSchema {
  return { type: 'number', ...(description !== undefined && { description }) }
}

export function integer(description?: string, minimum = 0): JsonSchema {
  return { type: 'integer', ...(description !== undefined && { description }), minimum }
}

export function boolean(description?: string): JsonSchema {
  return { type: 'boolean', ...(description !== undefined && { description }) }
}

/** Describes a text that is one of these. */
export function choice(values: readonly string[], description?: string): JsonSchema {
  return { type: 'string', ...(description !== undefined && { description }), enum: values }
}

/** Describes a Unix time in milliseconds. */
export function timeMs(description = 'Unix time in milliseconds'): JsonSchema {
  return { type: 'number', description }
}

/** Refers to a schema of the document. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** Describes a parameter that may be left out. */
export function query(name: string, description: string, schema: JsonSchema = text()): Parameter {
  return { name, in: 'query', required: false, description, schema }
}

export function requiredQuery(name: string, description: string, schema: JsonSchema = text()): Parameter {
  return { ...query(name, description, schema), required: true }
}

/** Describes a parameter that may be given more than once. */
export function repeatable(name: string, description: string, items: JsonSchema = text()): Parameter {
  return query(name, description, list(items))
}

/** Describes a part of the path. */
export function pathParameter(name: string, description: string): Parameter {
  return { name, in: 'path', required: true, description, schema: text() }
}

export function json(schema: JsonSchema, description: string): Answer {
  return { description, content: { 'application/json': { schema } } }
}

export function plainText(description: string, contentType = 'text/plain'): Answer {
  return { description, content: { [contentType]: { schema: text() } } }
}

/** Describes an answer with the reason in the field `error`. */
export function failure(description: string): Answer {
  return json(ref('Failure'), description)
}

/** The answer to parameters that are not valid. */
export const badRequest = failure('A parameter is missing, unknown or invalid; the text has the problem and what is allowed.')

/** A parameter that selects a store. */
export const storeParameter = query('store', 'only this store (default: all)')
