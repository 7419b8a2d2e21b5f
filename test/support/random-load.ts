import { setTimeout as sleep } from 'node:timers/promises'
import type { ClassicLevel } from 'classic-level'
import { randomFrom } from './random.ts'

const workers = 4
/** Operations of a worker between two pauses. All workers together stay well below the capacity of one core. */
const burst = 25
const restMs = 10
const keys = 5000

/** The operations of the load, counted without our packages. */
export interface OperationCounts {
  readonly begun: number
  readonly settled: number
  readonly failed: number
  readonly longestMs: number
  /** Settled operations by the operation name in their metrics. */
  readonly byOperation: Readonly<Record<string, number>>
}

/** A random mixture of all operations of a LevelDB store. Some fail: scans that are aborted. */
export class RandomLoad {
  readonly #store: ClassicLevel
  readonly #random: () => number
  readonly #byOperation: Record<string, number> = {}
  #begun = 0
  #failed = 0
  #longestMs = 0
  #shouldContinue = false
  #working: Promise<unknown> = Promise.resolve()

  constructor(store: ClassicLevel, seed: number) {
    this.#store = store
    this.#random = randomFrom(seed)
  }

  start(): void {
    this.#shouldContinue = true
    this.#working = Promise.all(Array.from({ length: workers }, () => this.#work()))
  }

  /** Stops the load; resolves once every operation has settled. */
  async stop(): Promise<void> {
    this.#shouldContinue = false
    await this.#working
  }

  counts(): OperationCounts {
    const settled = Object.values(this.#byOperation).reduce((sum, count) => sum + count, 0)
    const longestMs = this.#longestMs
    this.#longestMs = 0
    return { begun: this.#begun, settled, failed: this.#failed, longestMs, byOperation: { ...this.#byOperation } }
  }

  async #work(): Promise<void> {
    while (this.#shouldContinue) {
      for (let done = 0; done < burst && this.#shouldContinue; done++) await this.#operation()
      await sleep(restMs)
    }
  }

  async #operation(): Promise<void> {
    const [operation, run] = this.#any()
    const startMs = performance.now()
    this.#begun++
    try {
      await run()
    } catch {
      this.#failed++
    }
    this.#longestMs = Math.max(this.#longestMs, performance.now() - startMs)
    this.#byOperation[operation] = (this.#byOperation[operation] ?? 0) + 1
  }

  #any(): [operation: string, run: () => Promise<unknown>] {
    const dice = this.#random()
    const store = this.#store
    const key = this.#key()
    const value = 'value '.repeat(1 + Math.floor(this.#random() * 100))
    if (dice < 0.4) return ['get', () => store.get(key)]
    if (dice < 0.7) return ['set', () => store.put(key, value)]
    if (dice < 0.8) return ['delete', () => store.del(key)]
    if (dice < 0.86) return ['batch', () => store.batch([10, 20, 30].map((by) => ({ type: 'put', key: `${key}:${by}`, value })))]
    if (dice < 0.9) return ['get_many', () => store.getMany([key, this.#key()])]
    if (dice < 0.94) return ['has', () => store.has(key)]
    if (dice < 0.98) return ['scan', () => store.iterator({ gte: key, limit: 20 }).all()]
    if (dice < 0.99) return ['scan', () => this.#calledOff(key)]
    return ['clear', () => store.clear({ gte: key, limit: 10 })]
  }

  #calledOff(key: string): Promise<unknown> {
    const controller = new AbortController()
    const entries = this.#store.iterator({ gte: key, signal: controller.signal }).all()
    controller.abort()
    return entries
  }

  #key(): string {
    return `order:${String(Math.floor(this.#random() * keys)).padStart(6, '0')}`
  }
}
