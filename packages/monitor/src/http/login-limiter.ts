interface Budget {
  /** Failures that are allowed now. */
  left: number
  updatedMs: number
}

/** Failed logins of one client at once, and in the long run. */
const perClient = { burst: 5, perSecond: 1 / 12 }
/** The same for all clients together: an attacker may have many addresses. */
const perProcess = { burst: 50, perSecond: 1 }
const maxClients = 1000

/** Limits failed logins: those of one client, and those of all. */
export class LoginLimiter {
  readonly #now: () => number
  readonly #clients = new Map<string, Budget>()
  readonly #all: Budget

  /** @param now returns a monotonic time in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
    this.#all = { left: perProcess.burst, updatedMs: now() }
  }

  /** Returns after how many seconds a client may try again; undefined if it may now. */
  retryAfterSeconds(client: string): number | undefined {
    const budget = this.#clients.get(client)
    const waits = [this.#wait(this.#all, perProcess), ...(budget === undefined ? [] : [this.#wait(budget, perClient)])]
    const seconds = Math.ceil(Math.max(...waits))
    return seconds > 0 ? seconds : undefined
  }

  /** Counts a failed login of a client. Returns a function that takes that back: the login was right. */
  recordFailure(client: string): () => void {
    const budget = this.#clients.get(client) ?? { left: perClient.burst, updatedMs: this.#now() }
    // The client that failed last is the last one to be forgotten.
    this.#clients.delete(client)
    this.#clients.set(client, budget)
    this.#take(budget, perClient)
    this.#take(this.#all, perProcess)
    const [oldest] = this.#clients.keys()
    if (this.#clients.size > maxClients && oldest !== undefined) this.#clients.delete(oldest)
    return () => {
      budget.left++
      this.#all.left++
    }
  }

  #take(budget: Budget, { burst, perSecond }: typeof perClient): void {
    const nowMs = this.#now()
    budget.left = Math.min(burst, budget.left + ((nowMs - budget.updatedMs) / 1000) * perSecond) - 1
    budget.updatedMs = nowMs
  }

  #wait({ left, updatedMs }: Budget, { perSecond }: typeof perClient): number {
    return (1 - left) / perSecond - (this.#now() - updatedMs) / 1000
  }
}
