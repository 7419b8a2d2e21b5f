import { readFile } from 'node:fs/promises'
import { NotSentError } from './notifier.ts'

/** A secret, or where it is: in a file (read at each use, so that it can be changed) or in an environment variable. */
export type Secret = string | { readonly file: string } | { readonly env: string }

/** The secret's text. @throws NotSent, which names the place and never shows the secret. */
export async function reveal(secret: Secret, what: string): Promise<string> {
  if (typeof secret === 'string') return secret
  if ('file' in secret) {
    const text = await readFile(secret.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new NotSentError(`${what} cannot be read from its file: ${error.code ?? 'unknown error'}`)
    })
    return text.trim()
  }
  const text = process.env[secret.env]
  if (text === undefined || text === '') throw new NotSentError(`${what} is not in the environment: ${secret.env} is not set`)
  return text
}
