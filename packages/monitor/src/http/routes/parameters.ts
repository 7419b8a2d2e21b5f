import { z } from 'zod'
import { formatIssue } from '../../validation/format-issue.ts'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A time as PromQL writes it, `5m`, in milliseconds. */
export const parseDuration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/)
  .transform((text) => {
    const [, count = '', unit = 'ms'] = /^(\d+)(\w+)$/.exec(text) ?? []
    return Number(count) * unitMs[unit as keyof typeof unitMs]
  })

/** The parameters of a request, or what is wrong with the first of them that cannot be used. */
export type QueryParameters<Parameters> = { readonly parameters: Parameters } | { readonly error: string }

/** @param others how parameters are called that are not in the schema, for who is told of what there is. */
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
    return { error: `${issue.keys.join(', ')}: no such parameter; there are ${known.join(', ')}` }
  }
  const name = String(issue?.path[0])
  return { error: formatIssue(name, schema.shape[name] as z.ZodType, query[name] ?? 'nothing') }
}
