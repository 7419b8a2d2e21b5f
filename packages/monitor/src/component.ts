/**
 * A part of a monitoring that has to be released. Creating one may already subscribe or open a file, so `close` must work whether
 * or not `start` was called.
 */
export interface Component {
  /** Starts timers and subscriptions, and opens ports. @throws when it cannot start; `close` is still called. */
  start?(): void | Promise<void>
  /** Releases everything and restores what this component changed. Called once. */
  close(): void | Promise<void>
}

/** Turns a function that subscribes, and returns how to unsubscribe, into a component. */
export function createSubscription(subscribe: () => () => void | Promise<void>): Component {
  let unsubscribe: (() => void | Promise<void>) | undefined
  return {
    start: () => {
      unsubscribe = subscribe()
    },
    close: () => unsubscribe?.(),
  }
}

/** Waits for work, but not longer than `timeoutMs` milliseconds. */
export async function settleWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const deadline = new Deadline(timeoutMs)
  await deadline.wait(work)
  deadline.clear()
}

/** The components of one monitoring, in the order in which they start. They close in the reverse order. */
export class ComponentList {
  readonly #components: Component[] = []

  /** Adds a component and returns it. It is closed with the others, even if it was never started. */
  add<Added extends Component>(component: Added): Added {
    this.#components.push(component)
    return component
  }

  /** Starts the components one after the other. @throws the error of the first that fails; the rest are not started. */
  async start(): Promise<void> {
    for (const component of this.#components) await component.start?.()
  }

  /**
   * Closes every component, last to first, each after the one before has closed. After `timeoutMs` milliseconds the remaining
   * ones are still closed, but not waited for. Returns the errors of those that failed; never rejects.
   */
  async close(timeoutMs: number): Promise<readonly Error[]> {
    const errors: Error[] = []
    const deadline = new Deadline(timeoutMs)
    for (let component = this.#components.pop(); component !== undefined; component = this.#components.pop()) {
      const closing = closeSafely(component, errors)
      await deadline.wait(closing)
    }
    if (deadline.isPassed) errors.unshift(new Error(`closing took longer than ${timeoutMs} ms`))
    deadline.clear()
    return errors
  }
}

async function closeSafely(component: Component, errors: Error[]): Promise<void> {
  try {
    await component.close()
  } catch (error) {
    errors.push(error instanceof Error ? error : new Error(String(error)))
  }
}

/** One time limit shared by several waits. */
class Deadline {
  isPassed = false
  readonly #passed: Promise<void>
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#passed = new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        this.isPassed = true
        resolve()
      }, timeoutMs)
    })
  }

  /** Waits for the work, but not beyond the deadline. */
  async wait(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#passed])
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

/** Returns a function that calls another one once, and returns its result. */
export function once<Result>(run: () => Result): () => Result {
  let result: { readonly value: Result } | undefined
  return () => {
    result ??= { value: run() }
    return result.value
  }
}
