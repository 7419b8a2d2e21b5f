import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { parseHttpUrl } from './address-guard.ts'
import { DeliveryError } from './notifier.ts'

/** A secret: its text, a file that contains it (read at each use, so that it can be rotated), or an environment variable. */
export type Secret = string | { readonly file: string } | { readonly env: string }

/** Schema of a secret. */
export const secretSchema = z
  .union([z.string().min(1), z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })])
  .describe('a text, { file } or { env }')

/** Schema of a secret that is an http or https URL. */
export const secretUrlSchema = secretSchema
  .refine((secret) => typeof secret !== 'string' || parseHttpUrl(secret) !== null)
  .describe('an http or https URL, { file } or { env }')

/**
 * Returns the text of a secret.
 *
 * @param description what the secret is for, for the error message.
 * @throws DeliveryError if the file or the variable cannot be read. The message names it and never contains the secret.
 */
export async function readSecret(secret: Secret, description: string): Promise<string> {
  if (typeof secret === 'string') return secret
  if ('file' in secret) {
    const text = await readFile(secret.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new DeliveryError(`cannot read ${description} from its file: ${error.code ?? 'unknown error'}`)
    })
    return text.trim()
  }
  const text = process.env[secret.env]
  if (text === undefined || text === '') {
    throw new DeliveryError(`cannot read ${description}: the environment variable ${secret.env} is not set`)
  }
  return text
}

/** Returns the text of a secret that is known already; undefined if its file or variable cannot be read yet. */
export function readSecretNow(secret: Secret): string | undefined {
  if (typeof secret === 'string') return secret
  if ('env' in secret) return process.env[secret.env] || undefined
  try {
    return readFileSync(secret.file, 'utf8').trim()
  } catch {
    return undefined
  }
}
