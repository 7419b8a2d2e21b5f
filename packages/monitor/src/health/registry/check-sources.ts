import { errorKind } from '@wombat/instrumentation/internal'
import type { HealthCheck } from '../check.ts'
import type { WarnOnce } from '../warn-once.ts'
import { validateCheck } from './check-settings.ts'

/** Returns checks that may differ each time it is called, for example one for each open store. */
export type CheckSource = () => readonly HealthCheck[]

/** Returns a string that is unique for the name and the store of a check. */
export function checkKey({ name, store }: { readonly name: string; readonly store?: string }): string {
  return JSON.stringify([name, store])
}

/** The checks that were registered, and those that the sources returned last. */
export class CheckSources {
  readonly #registeredChecks = new Map<string, HealthCheck>()
  #sourceChecks: ReadonlyMap<string, HealthCheck> = new Map()
  /** The last list of each source. */
  readonly #lastLists = new Map<CheckSource, readonly HealthCheck[]>()
  readonly #sources: readonly CheckSource[]
  readonly #warnOnce: WarnOnce

  constructor(sources: readonly CheckSource[], warnOnce: WarnOnce) {
    this.#sources = sources
    this.#warnOnce = warnOnce
  }

  /**
   * Registers a check. Returns a function that unregisters it.
   *
   * @throws TypeError if the check is not valid, or if its name and store are taken.
   */
  register(check: HealthCheck): () => void {
    const problem = validateCheck(check)
    if (problem !== undefined) throw new TypeError(`health check rejected: ${problem}`)
    const key = checkKey(check)
    if (this.#registeredChecks.has(key) || this.#sourceChecks.has(key)) {
      const owner = check.store === undefined ? 'the process' : `store ${JSON.stringify(check.store)}`
      throw new TypeError(`health check ${check.name} of ${owner} is already registered: each name may be used once per store`)
    }
    this.#registeredChecks.set(key, check)
    return () => {
      if (this.#registeredChecks.get(key) === check) this.#registeredChecks.delete(key)
    }
  }

  /** Removes a registered check. Returns whether there was one. */
  unregister(key: string): boolean {
    return this.#registeredChecks.delete(key)
  }

  /** Reads all sources again. If a source throws, its last list is kept. */
  refresh(): void {
    const sourceChecks = new Map<string, HealthCheck>()
    for (const [index, source] of this.#sources.entries()) {
      const topic = `source ${index}`
      try {
        this.#lastLists.set(source, [...source()])
        this.#warnOnce.reset(topic)
      } catch (error) {
        this.#warnOnce.warn(topic, { kind: errorKind(error) }, 'listing health checks failed; the last list is kept')
      }
      for (const check of this.#lastLists.get(source) ?? []) this.#add(check, sourceChecks)
    }
    this.#sourceChecks = sourceChecks
  }

  /** Returns all checks by key: registered ones first. */
  all(): ReadonlyMap<string, HealthCheck> {
    return new Map([...this.#registeredChecks, ...this.#sourceChecks])
  }

  #add(check: HealthCheck, sourceChecks: Map<string, HealthCheck>): void {
    const problem = validateCheck(check)
    if (problem !== undefined) {
      this.#warnOnce.warn(`problem ${problem}`, { problem }, 'health check rejected')
      return
    }
    const key = checkKey(check)
    const { name, store } = check
    if (!sourceChecks.has(key) && !this.#registeredChecks.has(key)) sourceChecks.set(key, check)
    else this.#warnOnce.warn(`duplicate ${key}`, { check: name, store, problem: 'the name is taken' }, 'health check rejected')
  }
}
