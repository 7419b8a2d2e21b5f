/** What the mark on a measured store can do. Another version of this package may have set it, so it stays small. */
export interface StoreMark {
  /** The label `store`; undefined if another version of this package measures the store. */
  readonly name?: string
  /** Where it is recorded; undefined as above. */
  readonly registry?: object
  /** Whether the store was found, not instrumented by the application. */
  readonly isAutomatic?: boolean
  /** Stops measuring the store. */
  end(): void
  /** Runs `run` without measuring what it calls on the store. */
  withoutMeasuring<Result>(run: () => Result): Result
}

/** In the global symbol registry, so that two copies of this package do not measure one store twice. */
const key = Symbol.for('@wombat/instrumentation')

/** Returns whether the store is measured already, by any copy of this package. */
export function isMeasured(store: object): boolean {
  return Reflect.has(store, key)
}

/** Returns the mark of a measured store; undefined if the store is not measured. */
export function getMark(store: object): StoreMark | undefined {
  const mark: unknown = Reflect.get(store, key)
  return typeof mark === 'object' && mark !== null ? (mark as StoreMark) : undefined
}

/**
 * Marks the store as measured. The mark keeps the store's context and binding alive.
 *
 * @throws TypeError if the store is frozen.
 */
export function setMark(store: object, mark: StoreMark): void {
  Object.defineProperty(store, key, { value: mark, configurable: true, enumerable: false })
}

/** Keeps `instrument` and `WombatInstrumentation` from measuring a store, for example one of the monitoring itself. */
export function excludeFromMeasuring(store: object): void {
  setMark(store, { end() {}, withoutMeasuring: (run) => run() })
}

/** Removes the mark. */
export function deleteMark(store: object): void {
  Reflect.deleteProperty(store, key)
}

/**
 * Runs `run` without measuring what it calls on `store`, whether that is measured or not. For a store that is reached
 * through another one: the database behind a sublevel, a Map behind a Keyv.
 */
export function withoutMeasuring<Result>(store: object, run: () => Result): Result {
  const mark = getMark(store)
  return mark === undefined ? run() : mark.withoutMeasuring(run)
}
