import { type Component, once } from '../component.ts'
import type { Authentication, AuthenticationOptions } from './authentication.ts'

/**
 * Creates the authentication at the first request, with the routes: most processes are never asked. If credentials are in files, it is created
 * at the start, so that a file that cannot be used prevents it.
 */
export class LazyAuthentication implements Component {
  readonly #options: AuthenticationOptions
  #created: Promise<Authentication> | undefined

  constructor(options: AuthenticationOptions) {
    this.#options = options
  }

  readonly load: () => Promise<Authentication> = once(() => {
    this.#created = this.#create()
    return this.#created
  })

  /** @throws ConfigError with every problem of a file. */
  async start(): Promise<void> {
    const { authTokenFile, authUsersFile } = this.#options
    if ((authTokenFile ?? authUsersFile) !== undefined) await this.load()
  }

  async close(): Promise<void> {
    const created = await this.#created?.catch(() => undefined)
    await created?.close()
  }

  async #create(): Promise<Authentication> {
    const { Authentication } = await import('./authentication.ts')
    const authentication = new Authentication(this.#options)
    await authentication.start()
    return authentication
  }
}
