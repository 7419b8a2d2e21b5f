import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isPlainObject, type Schema, schemaOf } from '../../validation/schema.ts'
import { parseHttpUrl } from './address-guard.ts'
import { DeliveryError } from './notifier.ts'

/** A secret: its text, a file that contains it (read at each use, so that it can be rotated), or an environment variable. */
export type Secret = string | { readonly file: string } | { readonly env: string }

/** Schema of a secret. */
export const secretSchema: Schema<Secret> = schemaOf('Secret', 'a text, { file } or { env }', isSecret)

/** Schema of a secret that is an http or https URL. */
export const secretUrlSchema: Schema<Secret> = schemaOf(
  'Secret',
  'an http or https URL, { file } or { env }',
  (value): value is Secret => isSecret(value) && (typeof value !== 'string' || parseHttpUrl(value) !== null),
)

function isSecret(value: unknown): value is Secret {
  if (typeof value === 'string') return value !== ''
  if (!isPlainObject(value)) return false
  const [key = '', ...others] = Object.keys(value)
  const text = value[key]
  return others.length === 0 && (key === 'file' || key === 'env') && typeof text === 'string' && text !== ''
}

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
