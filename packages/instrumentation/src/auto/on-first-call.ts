import type { Method } from '../operations/method-patch.ts'
import { MethodPatch } from '../operations/method-patch.ts'

/** Takes an object that was found; where it cannot yet, it says when to come again. */
export type StoreCallback = (used: object) => PromiseLike<unknown> | undefined

/**
 * Tells of an object when one of these methods is called on it for the first time, before the method runs. So a store is
 * found wherever and by whatever subclass it was made, its constructor has long ended, and whoever measures it by hand
 * right after making it comes first.
 */
export class FirstCall {
  readonly #target: object
  readonly #methods: readonly string[]
  readonly #tell: StoreCallback
  readonly #met = new WeakSet<object>()
  #patch: MethodPatch | undefined
  #traps: Array<[name: string, trap: Method]> = []

  /** The target is one object, or a prototype: then of each object below it. */
  constructor(target: object, methods: readonly string[], tell: StoreCallback) {
    this.#target = target
    this.#methods = methods
    this.#tell = tell
  }

  watch(): void {
    if (this.#patch !== undefined) return
    this.#patch = new MethodPatch(this.#target)
    for (const name of this.#methods) this.#patch.replace(name, (original) => this.#trap(name, original))
  }

  /** Leaves no trace. Where somebody wrapped our methods these stay, and pass on. */
  unwatch(): void {
    this.#patch?.undo()
    this.#patch = undefined
    this.#traps = []
  }

  /** Tells of the object now, unless that has been done. */
  visit(used: object): void {
    if (this.#patch === undefined || this.#isMet(used)) return
    this.#met.add(used)
    // Whoever measures the object takes its methods as they are: they must be its own, not ours.
    const lifted = this.#traps.every(([name, trap]) => Reflect.get(this.#target, name) === trap)
    if (lifted) this.unwatch()
    const again = this.#tell(used)
    if (lifted && (used !== this.#target || again !== undefined)) this.watch()
    again?.then(
      () => {
        this.#met.delete(used)
        this.visit(used)
      },
      () => {},
    )
  }

  /** Also of what inherits from it, as a view of it does. */
  #isMet(used: object): boolean {
    for (let at: object | null = used; at !== null; at = Object.getPrototypeOf(at)) if (this.#met.has(at)) return true
    return false
  }

  #trap(name: string, original: Method): Method {
    const meet = (used: object): void => this.visit(used)
    const trap: Method = function (...args) {
      if (typeof this !== 'object' || this === null) return original.apply(this, args)
      // An override that calls us as `super` has begun already: it is the object's method from its next call on.
      const isOverridden = Reflect.get(this, name) !== trap
      meet(this)
      const now = Reflect.get(this, name) as Method
      return (isOverridden || now === trap ? original : now).apply(this, args)
    }
    this.#traps.push([name, trap])
    return trap
  }
}
