import type { Secrets } from './protocol.ts'

/** Looks for secrets in everything that leaves the service. */
export class SecretGuard {
  readonly #secrets: ReadonlyArray<readonly [name: string, text: string]>
  readonly #onFault: (text: string) => void
  /** The end of the last chunk of each stream: a secret may be in two. */
  readonly #ends = new Map<string, string>()
  bytes = 0

  constructor(secrets: Secrets, onFault: (text: string) => void) {
    this.#secrets = Object.entries(secrets)
    this.#onFault = onFault
  }

  /** @param where in which the chunk was seen, for example `the log`. */
  look(chunk: Buffer, where: string): void {
    this.bytes += chunk.length
    const text = (this.#ends.get(where) ?? '') + chunk.toString('latin1')
    for (const [name, secret] of this.#secrets) if (text.includes(secret)) this.#onFault(`the secret "${name}" is in ${where}`)
    this.#ends.set(where, text.slice(-64))
  }

  /** Looks into something that is not continued by anything. */
  lookOnce(whole: Buffer, where: string): void {
    this.#ends.delete(where)
    this.look(whole, where)
    this.#ends.delete(where)
  }
}
