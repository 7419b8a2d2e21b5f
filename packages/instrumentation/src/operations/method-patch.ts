export type Method = (this: unknown, ...args: never[]) => unknown

/**
 * Replaces methods on one object and can put everything back. What an own property was comes back as it was; what was
 * inherited is inherited again.
 */
export class MethodPatch {
  readonly #target: object
  readonly #undo: Array<() => void> = []

  constructor(target: object) {
    this.#target = target
  }

  /** Does nothing where the object has no such method. */
  replace(name: string, make: (original: Method) => Method): void {
    const original: unknown = Reflect.get(this.#target, name)
    if (typeof original !== 'function') return
    const before = Object.getOwnPropertyDescriptor(this.#target, name)
    const made = make(original as Method)
    Object.defineProperty(made, 'name', { value: original.name, configurable: true })
    Object.defineProperty(made, 'length', { value: original.length, configurable: true })
    Object.defineProperty(this.#target, name, {
      value: made,
      configurable: true,
      writable: true,
      enumerable: before?.enumerable ?? false,
    })
    this.#undo.push(() => {
      // Somebody who wrapped our wrapper keeps it: taking it away would take theirs too.
      if (Reflect.get(this.#target, name) !== made) return
      if (before === undefined) Reflect.deleteProperty(this.#target, name)
      else Object.defineProperty(this.#target, name, before)
    })
  }

  undo(): void {
    for (const step of this.#undo.splice(0).reverse()) step()
  }
}
