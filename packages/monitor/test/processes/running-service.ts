import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '@wombat/test-support/free-port'
import { onTestFinished } from 'vitest'

interface Answer {
  readonly name?: string
  readonly done?: string
  readonly exited?: boolean
  readonly failure?: string
  readonly addresses?: { readonly prometheus?: string }
}

/** A real service with several processes or threads, which the test starts, uses and ends one by one. */
export class RunningService {
  readonly port: number
  readonly #primary: ChildProcess
  readonly #waiting: Array<{ readonly matches: (answer: Answer) => boolean; readonly resolve: (answer: Answer) => void }> = []

  private constructor(primary: ChildProcess, port: number) {
    this.#primary = primary
    this.port = port
    primary.on('message', (message) => {
      const answer = message as Answer
      const at = this.#waiting.findIndex(({ matches }) => matches(answer))
      if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(answer)
    })
  }

  /** @param app the file of the service. */
  static async start(app: string, env: Readonly<Record<string, string>> = {}): Promise<RunningService> {
    const port = await freePort()
    const primary = fork(new URL(app, import.meta.url), {
      env: { ...process.env, ...env, TEST_PORT: String(port) },
      execArgv: [],
    })
    const service = new RunningService(primary, port)
    onTestFinished(() => service.end())
    await once(primary, 'message')
    return service
  }

  /** Starts workers, one after the other. */
  async startWorkers(names: readonly string[], fields: object = {}): Promise<void> {
    for (const name of names) await this.#ask(name, 'start', fields)
  }

  async put(name: string, count: number): Promise<void> {
    await this.#ask(name, 'put', { count })
  }

  /** Blocks the event loop of a worker; does not wait for its end. */
  block(name: string, ms: number): Promise<void> {
    return this.#ask(name, 'block', { ms }).then(() => {})
  }

  /** Makes an operation of a worker fail. */
  async fail(name: string): Promise<void> {
    await this.#ask(name, 'fail')
  }

  /** Starts a worker that is expected not to start, and returns the message of its error. */
  async startFailure(name: string): Promise<string | undefined> {
    const failed = this.#next((answer) => answer.name === name && answer.failure !== undefined)
    this.#primary.send({ name, command: 'start' })
    return (await failed).failure
  }

  /** Ends a worker in a way of `how`, and waits for its end. */
  async endWorker(name: string, how: 'kill' | 'close' | 'exit'): Promise<void> {
    const exited = this.#next((answer) => answer.name === name && answer.exited === true)
    this.#primary.send({ name, command: how })
    await exited
  }

  async scrape(path = '/metrics'): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { connection: 'close' } })
    return response.text()
  }

  /** Returns the values of the series whose names and labels match. */
  async values(pattern: RegExp): Promise<number[]> {
    const page = await this.scrape()
    return page
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
  }

  async end(): Promise<void> {
    if (this.#primary.exitCode !== null) return
    const exited = once(this.#primary, 'exit')
    this.#primary.send({ command: 'end' })
    await exited
  }

  async #ask(name: string, command: string, fields: object = {}): Promise<Answer> {
    const answer = this.#next((one) => one.name === name && one.done === command)
    this.#primary.send({ name, command, ...fields })
    return answer
  }

  #next(matches: (answer: Answer) => boolean): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push({ matches, resolve })
    })
  }
}
