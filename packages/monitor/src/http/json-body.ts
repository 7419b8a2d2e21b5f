import type { Context } from 'hono'
import { describeFirst, formatIssue, suggest } from '../validation/format-issue.ts'
import { findInvalidFields, isPlainObject, type Schema, type Shape } from '../validation/schema.ts'
import type { Access } from './access.ts'
import { fixedLimits } from './limits/request-limits.ts'
import type { ParametersOf } from './routes/parameters.ts'

const { bodyBytes: maxBodyBytes } = fixedLimits
/** The answer to a longer one. */
export const bodyTooLong = `the body must have at most ${maxBodyBytes} bytes`

type BodyOf<Fields extends Shape> = { readonly body: ParametersOf<Fields> } | { readonly refusal: Response }

/** Reads the body of a request as a JSON object with these fields; or returns the answer that says why it cannot be used. */
export async function readBody<Fields extends Shape>(context: Context<Access>, shape: Fields): Promise<BodyOf<Fields>> {
  const read = await readObject(context)
  if ('refusal' in read) return read
  const { invalid, unknown } = findInvalidFields(shape, read.body)
  const problems = [
    ...invalid.map((name) => formatIssue(name, shape[name] as Schema<unknown>, Reflect.get(read.body, name) ?? 'nothing')),
    ...describeFirst(unknown, (name) => `${JSON.stringify(name)} is not a field${suggest(name, Object.keys(shape))}`),
  ]
  if (problems.length > 0) return { refusal: context.json({ error: problems.join('; ') }, 400) }
  return { body: read.body as ParametersOf<Fields> }
}

/** Reads the body of a request as a JSON object; or returns the answer that says why it cannot be used. */
export async function readObject(
  context: Context<Access>,
): Promise<{ readonly body: Readonly<Record<string, unknown>> } | { readonly refusal: Response }> {
  const refuse = (error: string, status: 400 | 413 | 415) => ({ refusal: context.json({ error }, status) })
  // Forms, which every page can send anywhere, have other types.
  const [type = ''] = (context.req.header('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/json') {
    return refuse(`the header Content-Type must be application/json, got ${JSON.stringify(type)}`, 415)
  }
  const text = await readText(context)
  if (text === undefined) return refuse(bodyTooLong, 413)
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return refuse('the body must be JSON', 400)
  }
  return isPlainObject(body) ? { body } : refuse('the body must be a JSON object', 400)
}

/** Returns the body of a request; undefined if it is too long. */
export async function readText(context: Context<Access>): Promise<string | undefined> {
  const { incoming } = context.env ?? {}
  // A parser of the application, such as `express.json()`, has read it.
  if (incoming?.readableEnded === true && incoming.body !== undefined) {
    return typeof incoming.body === 'string' ? incoming.body : JSON.stringify(incoming.body)
  }
  if (Number(context.req.header('content-length') ?? 0) > maxBodyBytes) return undefined
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of context.req.raw.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
