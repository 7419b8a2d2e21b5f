/** A method of any signature. `never[]` accepts every parameter list. */
export type Method = (this: unknown, ...args: never[]) => unknown

/**
 * Replaces methods of one object, and restores them: an own property becomes as it was, an inherited method is
 * inherited again.
 */
export class MethodPatch {
  readonly #target: object
  readonly #undo: Array<() => void> = []

  constructor(target: object) {
    this.#target = target
  }

  /** Replaces a method by what `wrap` returns for it. Does nothing if the object has no such method. */
  replace(name: string | symbol, wrap: (original: Method) => Method): void {
    const original: unknown = Reflect.get(this.#target, name)
    if (typeof original !== 'function') return
    const before = Object.getOwnPropertyDescriptor(this.#target, name)
    const wrapper = wrap(original as Method)
    Object.defineProperty(wrapper, 'name', { value: original.name, configurable: true })
    Object.defineProperty(wrapper, 'length', { value: original.length, configurable: true })
    Object.defineProperty(this.#target, name, {
      value: wrapper,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? false,
    })
    this.#undo.push(() => {
      // If other code has wrapped our wrapper, it stays: removing it would remove theirs too. The property is compared, not what
      // reading it returns: a Proxy may bind the methods that it returns.
      if (Object.getOwnPropertyDescriptor(this.#target, name)?.value !== wrapper) return
      if (before === undefined) Reflect.deleteProperty(this.#target, name)
      else Object.defineProperty(this.#target, name, before)
    })
  }

  /** Restores all replaced methods, the last one first. */
  undo(): void {
    for (const step of this.#undo.splice(0).reverse()) step()
  }
}

/** Returns `wrap` with a cache. Objects of one class share their methods, so one wrapper for each method is enough. */
export function memoizeWrapper(wrap: (original: Method) => Method): (original: Method) => Method {
  const wrappers = new WeakMap<Method, Method>()
  return (original) => {
    let wrapper = wrappers.get(original)
    if (wrapper === undefined) {
      wrapper = wrap(original)
      wrappers.set(original, wrapper)
    }
    return wrapper
  }
}
