import { MemoryLevel } from 'memory-level'

/** What each step of the engine does first; it gets the key. What `get` returns replaces the stored value. */
export type StepOverrides = Partial<Record<'put' | 'get' | 'del', (key: string) => unknown>>

/** Creates a real store in memory with steps of its engine that a test can override, and that records which steps ran. */
export function createFailingStore() {
  const calls: string[] = []
  const store = Object.assign(new MemoryLevel(), { overrides: {} as StepOverrides, calls })
  for (const step of ['put', 'get', 'del'] as const) {
    const engineStep = Reflect.get(MemoryLevel.prototype, `_${step}`) as (...args: unknown[]) => unknown
    Reflect.set(store, `_${step}`, async (...args: unknown[]) => {
      calls.push(step)
      const result = await store.overrides[step]?.(String(args[0]))
      return step === 'get' && result !== undefined ? result : engineStep.apply(store, args)
    })
  }
  return store
}

/** Returns a function that throws an error with a code, and with a message that must not be published. */
export function failWith(code: string): () => never {
  return () => {
    throw Object.assign(new Error('secret: /var/lib/orders, key account:7'), { code })
  }
}
