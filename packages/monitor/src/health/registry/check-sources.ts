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
  readonly #registered = new Map<string, HealthCheck>()
  #provided: ReadonlyMap<string, HealthCheck> = new Map()
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
    if (this.#registered.has(key) || this.#provided.has(key)) {
      const owner = check.store === undefined ? 'the process' : `store ${JSON.stringify(check.store)}`
      throw new TypeError(`health check ${check.name} of ${owner} is already registered: each name may be used once per store`)
    }
    this.#registered.set(key, check)
    return () => {
      if (this.#registered.get(key) === check) this.#registered.delete(key)
    }
  }

  /** Removes a registered check. Returns whether there was one. */
  unregister(key: string): boolean {
    return this.#registered.delete(key)
  }

  /** Reads all sources again. If a source throws, its last list is kept. */
  refresh(): void {
    const provided = new Map<string, HealthCheck>()
    for (const [index, source] of this.#sources.entries()) {
      const topic = `source ${index}`
      try {
        this.#lastLists.set(source, [...source()])
        this.#warnOnce.reset(topic)
      } catch (error) {
        this.#warnOnce.warn(topic, { kind: errorKind(error) }, 'listing health checks failed; the last list is kept')
      }
      for (const check of this.#lastLists.get(source) ?? []) this.#add(check, provided)
    }
    this.#provided = provided
  }

  /** Returns all checks by key: registered ones first. */
  all(): ReadonlyMap<string, HealthCheck> {
    return new Map([...this.#registered, ...this.#provided])
  }

  #add(check: HealthCheck, provided: Map<string, HealthCheck>): void {
    const problem = validateCheck(check)
    if (problem !== undefined) {
      this.#warnOnce.warn(`problem ${problem}`, { problem }, 'health check rejected')
      return
    }
    const key = checkKey(check)
    const { name, store } = check
    if (!provided.has(key) && !this.#registered.has(key)) provided.set(key, check)
    else this.#warnOnce.warn(`duplicate ${key}`, { check: name, store, problem: 'the name is taken' }, 'health check rejected')
  }
}
