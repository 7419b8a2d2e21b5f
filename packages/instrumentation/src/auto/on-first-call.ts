import { type Method, MethodPatch } from '../operations/method-patch.ts'

/**
 * Receives a store that was found. If it returns a promise, it is called again with the store when the promise is
 * fulfilled.
 */
export type StoreCallback = (store: object) => PromiseLike<unknown> | undefined

/**
 * Calls `callback` with an object when one of the methods is called on it for the first time, before the method runs.
 * So a store is found in any subclass and wherever it was created, after its constructor has finished, and code that
 * instruments it right after creating it comes first.
 *
 * @param target one object, or a prototype: then all objects that inherit from it.
 */
export function onFirstCall(target: object, methods: readonly string[], callback: StoreCallback): FirstCallHook {
  const hook = new FirstCallHook(target, methods, callback)
  hook.install()
  return hook
}

class FirstCallHook {
  readonly #target: object
  readonly #methods: readonly string[]
  readonly #callback: StoreCallback
  readonly #visited = new WeakSet<object>()
  #patch: MethodPatch | undefined
  #wrappers: Array<[name: string, wrapper: Method]> = []

  constructor(target: object, methods: readonly string[], callback: StoreCallback) {
    this.#target = target
    this.#methods = methods
    this.#callback = callback
  }

  install(): void {
    if (this.#patch !== undefined) return
    this.#patch = new MethodPatch(this.#target)
    for (const name of this.#methods) this.#patch.replace(name, (original) => this.#wrap(name, original))
  }

  /** Restores the methods. A wrapper that other code has wrapped stays, and only calls its original. */
  remove(): void {
    this.#patch?.undo()
    this.#patch = undefined
    this.#wrappers = []
  }

  /** Calls the callback with the object now, unless it was called with it before. */
  visit(object: object): void {
    if (this.#patch === undefined || this.#isVisited(object)) return
    this.#visited.add(object)
    // The callback measures the object by wrapping its methods. These must be the object's own methods, not our wrappers.
    const isRemovable = this.#wrappers.every(([name, wrapper]) => Reflect.get(this.#target, name) === wrapper)
    if (isRemovable) this.remove()
    const retry = this.#callback(object)
    if (isRemovable && (object !== this.#target || retry !== undefined)) this.install()
    retry?.then(
      () => {
        this.#visited.delete(object)
        this.visit(object)
      },
      () => {},
    )
  }

  /** Also true for an object that inherits from a visited one, such as a view of a store. */
  #isVisited(object: object): boolean {
    for (let current: object | null = object; current !== null; current = Object.getPrototypeOf(current))
      if (this.#visited.has(current)) return true
    return false
  }

  #wrap(name: string, original: Method): Method {
    const visit = (object: object): void => this.visit(object)
    const wrapper: Method = function (...args) {
      if (typeof this !== 'object' || this === null) return original.apply(this, args)
      // If an override calls us as `super`, it is already running: the object's new method takes effect with its next call.
      const isOverridden = Reflect.get(this, name) !== wrapper
      visit(this)
      const current = Reflect.get(this, name) as Method
      return (isOverridden || current === wrapper ? original : current).apply(this, args)
    }
    this.#wrappers.push([name, wrapper])
    return wrapper
  }
}
