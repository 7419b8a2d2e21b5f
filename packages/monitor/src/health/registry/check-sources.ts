import { errorKind } from '@wombat/instrumentation/internal'
import type { HealthCheck } from '../check.ts'
import type { WarnOnce } from '../warn-once.ts'
import { validateCheck } from './check-settings.ts'

export type CheckSource = () => readonly HealthCheck[]

/** One string for one check: a store has each check once. */
export function checkKey({ name, store }: { readonly name: string; readonly store?: string }): string {
  return JSON.stringify([name, store])
}

/** Which checks there are: those that were registered, and those that the sources gave when they were last asked. */
export class CheckSources {
  readonly #registered = new Map<string, HealthCheck>()
  #given: ReadonlyMap<string, HealthCheck> = new Map()
  readonly #lastOf = new Map<CheckSource, readonly HealthCheck[]>()
  readonly #sources: readonly CheckSource[]
  readonly #notes: WarnOnce

  constructor(sources: readonly CheckSource[], notes: WarnOnce) {
    this.#sources = sources
    this.#notes = notes
  }

  /** @throws TypeError */
  register(check: HealthCheck): () => void {
    const fault = validateCheck(check)
    if (fault !== undefined) throw new TypeError(`health check refused: ${fault}`)
    const key = checkKey(check)
    if (this.#registered.has(key) || this.#given.has(key)) {
      const of = check.store === undefined ? 'of the process' : `of the store ${JSON.stringify(check.store)}`
      throw new TypeError(`there is a health check ${check.name} ${of} already: a name means one check of one store`)
    }
    this.#registered.set(key, check)
    return () => {
      if (this.#registered.get(key) === check) this.#registered.delete(key)
    }
  }

  unregister(key: string): boolean {
    return this.#registered.delete(key)
  }

  /** Asks the sources. One that fails is taken to mean what it said before. */
  ask(): void {
    const given = new Map<string, HealthCheck>()
    for (const [index, source] of this.#sources.entries()) {
      try {
        this.#lastOf.set(source, [...source()])
        this.#notes.forget(`source ${index}`)
      } catch (error) {
        this.#notes.warn(`source ${index}`, { kind: errorKind(error) }, 'health checks could not be listed; the last ones stay')
      }
      for (const check of this.#lastOf.get(source) ?? []) this.#take(check, given)
    }
    this.#given = given
  }

  all(): ReadonlyMap<string, HealthCheck> {
    return new Map([...this.#registered, ...this.#given])
  }

  #take(check: HealthCheck, given: Map<string, HealthCheck>): void {
    const fault = validateCheck(check)
    if (fault !== undefined) {
      this.#notes.warn(`fault ${fault}`, { fault }, 'a health check was refused')
      return
    }
    const key = checkKey(check)
    const { name, store } = check
    if (!given.has(key) && !this.#registered.has(key)) given.set(key, check)
    else this.#notes.warn(`twin ${key}`, { check: name, store, fault: 'the name is taken' }, 'a health check was refused')
  }
}
