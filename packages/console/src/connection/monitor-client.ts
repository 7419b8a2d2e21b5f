import { authorization, describeStatus } from './connection-problem.ts'
import { describeNetworkProblem } from './network-problem.ts'
import { readAnswer } from './read-answer.ts'
import { formatTarget, type Target } from './target.ts'

/** A request got no answer that can be used. The message has the address, the reason and what to do. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

/** The values of parameters; a list is a parameter that is repeated. Those without a value are left out. */
export type RequestParameters = Readonly<Record<string, string | number | readonly (string | number)[] | undefined>>

const timeoutMs = 10_000

/** Control characters, and characters that change the direction of what follows. */
const unprintable = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** Reads the JSON API of a process. */
export class MonitorClient {
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  /** The address of the process. */
  get address(): string {
    return formatTarget(this.#target)
  }

  /**
   * Returns the JSON that a path answers with. Texts in it have no control characters: a name must not control the terminal.
   *
   * @param alsoStatus a status that is an answer, too.
   * @throws ConnectionError
   */
  async get<Answer>(path: string, parameters: RequestParameters, signal: AbortSignal, alsoStatus?: number): Promise<Answer> {
    const url = new URL(path, this.#target.url)
    for (const [name, value] of Object.entries(parameters)) {
      for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one))
    }
    let response: Response
    let text: string
    try {
      response = await fetch(url, {
        headers: authorization(this.#target),
        // It would send the token to another address.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      text = await readAnswer(response)
    } catch (error) {
      throw new ConnectionError(`${this.address} does not answer: ${describeNetworkProblem(error)}`)
    }
    const problem = response.status === alsoStatus ? undefined : describeStatus(this.#target, response.status)
    if (problem !== undefined) throw new ConnectionError(problem)
    try {
      return JSON.parse(text, (_, value) => (typeof value === 'string' ? value.replace(unprintable, '\ufffd') : value)) as Answer
    } catch {
      throw new ConnectionError(`${this.address} does not answer with JSON: check the port (jsonApiPort) and the path`)
    }
  }
}
