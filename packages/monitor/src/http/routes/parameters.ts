import { z } from 'zod'
import { formatIssue } from '../../validation/format-issue.ts'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Parses a duration as PromQL writes it, such as `5m`, into milliseconds. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/)
  .transform((text) => {
    const [, count = '', unit = 'ms'] = /^(\d+)(\w+)$/.exec(text) ?? []
    return Number(count) * unitMs[unit as keyof typeof unitMs]
  })

/** The parameters of a request, or the problem of the first one that is not valid. */
export type QueryParameters<Parameters> = { readonly parameters: Parameters } | { readonly error: string }

/**
 * Parses the parameters of a request.
 *
 * @param others parameters that exist beside those of the schema, for the error that lists all of them.
 */
export function parseParameters<Schema extends z.ZodObject>(
  schema: Schema,
  query: Readonly<Record<string, string>>,
  others: readonly string[] = [],
): QueryParameters<z.output<Schema>> {
  const parsed = schema.safeParse(query)
  if (parsed.success) return { parameters: parsed.data }
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const known = [...Object.keys(schema.shape), ...others]
    return { error: `${issue.keys.join(', ')}: unknown parameter; the parameters are ${known.join(', ')}` }
  }
  const name = String(issue?.path[0])
  return { error: formatIssue(name, schema.shape[name] as z.ZodType, query[name] ?? 'nothing') }
}
