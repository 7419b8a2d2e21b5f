import { createRequire } from 'node:module'
import type { Worker } from 'node:worker_threads'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../validation/error-message.ts'
import type { User } from './credentials.ts'
import { digest } from './sessions.ts'

/** What became of a password. `busy`: too many are being compared. `failed`: passwords cannot be compared here, and the log has the reason. */
export type PasswordResult = 'right' | 'wrong' | 'busy' | 'failed'

/** A comparison takes 50 to 100 ms at the usual cost. */
const maxWaiting = 16
/** Passwords that were right and are not compared again. */
const maxKnown = 1000
/** bcrypt ignores all after 72 bytes. */
const maxPasswordBytes = 1024
/** How long a thread waits for the next password, in milliseconds. */
const idleMs = 10_000

/** What the thread runs. It is a text, so that a bundle needs no file for it. */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const { compareSync } = require(workerData)
parentPort.on('message', ({ id, password, hash }) => {
  parentPort.postMessage({ id, isRight: compareSync(password, hash) })
})
`

/**
 * Compares passwords with bcrypt hashes, one at a time and in a thread of its own: a comparison would hold the event loop for 50 to 100 ms.
 * The thread starts when it is needed and ends when it has nothing to do. Passwords that were right are remembered, as a digest with a key
 * that only this process has.
 */
export class PasswordChecks {
  readonly #logger: Logger | undefined
  /** The digests of passwords that were right, the least recently used first. */
  readonly #known = new Set<string>()
  readonly #settle = new Map<number, (result: PasswordResult) => void>()
  #worker: Worker | undefined
  #lastId = 0
  #idleTimer: NodeJS.Timeout | undefined
  #isFailureLogged = false

  constructor(logger?: Logger) {
    this.#logger = logger
  }

  /** Returns whether this password was compared before, and is still that of the user. */
  isKnown(user: User, password: string): boolean {
    const key = keyOf(user.name, user.hash, password)
    if (!this.#known.delete(key)) return false
    this.#known.add(key)
    return true
  }

  /** Compares a password. */
  async check({ name, hash }: Pick<User, 'name' | 'hash'>, password: string): Promise<PasswordResult> {
    if (Buffer.byteLength(password) > maxPasswordBytes) return 'wrong'
    if (this.#settle.size >= maxWaiting) return 'busy'
    const result = await this.#compare(password, hash)
    if (result === 'right') this.#remember(keyOf(name, hash, password))
    return result
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    clearTimeout(this.#idleTimer)
    await this.#end(this.#worker)
    for (const settle of this.#settle.values()) settle('failed')
    this.#settle.clear()
  }

  #remember(key: string): void {
    this.#known.add(key)
    const [oldest] = this.#known
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest)
  }

  #compare(password: string, hash: string): Promise<PasswordResult> {
    return new Promise((resolve) => {
      const id = ++this.#lastId
      this.#settle.set(id, resolve)
      clearTimeout(this.#idleTimer)
      try {
        this.#worker ??= this.#startWorker()
        this.#worker.postMessage({ id, password, hash })
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  #startWorker(): Worker {
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    const library = createRequire(import.meta.url).resolve('bcryptjs')
    // Without the flags and the environment of the application: they would load its instrumentation, and this one, into the thread.
    const worker = new Worker(program, { eval: true, workerData: library, execArgv: [], env: {}, name: 'wombat-passwords' })
    worker.unref()
    worker.on('message', ({ id, isRight }: { readonly id: number; readonly isRight: boolean }) => {
      this.#settle.get(id)?.(isRight ? 'right' : 'wrong')
      this.#settle.delete(id)
      if (this.#settle.size === 0) this.#idleTimer = setTimeout(() => void this.#end(worker), idleMs).unref()
    })
    worker.on('error', (error) => this.#fail(error))
    worker.on('exit', () => {
      if (this.#worker === worker) this.#fail(new Error('the thread has ended'))
    })
    return worker
  }

  async #end(worker: Worker | undefined): Promise<void> {
    if (this.#worker === worker) this.#worker = undefined
    await worker?.terminate()
  }

  #fail(error: unknown): void {
    this.#worker = undefined
    for (const settle of this.#settle.values()) settle('failed')
    this.#settle.clear()
    if (this.#isFailureLogged) return
    this.#isFailureLogged = true
    const isDenied = (error as NodeJS.ErrnoException | null)?.code === 'ERR_ACCESS_DENIED'
    const remedy = isDenied ? 'start Node with --allow-worker' : 'install the package bcryptjs beside this one'
    this.#logger?.error(
      { reason: errorMessage(error).split('\n')[0] },
      `the passwords of authUsersFile cannot be compared, and logins with them answer 503: ${remedy}`,
    )
  }
}

function keyOf(name: string, hash: string, password: string): string {
  return digest(`${name}\n${hash}\n${password}`).toString('base64')
}
