import { MemoryLevel } from 'memory-level'

/** What goes wrong in each step of the engine. Told the key; what is returned by `get` takes the place of what was stored. */
export type Ailments = Partial<Record<'put' | 'get' | 'del', (key: string) => unknown>>

/** A real store in memory of which single steps go wrong: those of its engine, as LevelDB's do, and not its public methods. */
export function ailingStore() {
  const calls: string[] = []
  const store = Object.assign(new MemoryLevel(), { ailments: {} as Ailments, calls })
  for (const step of ['put', 'get', 'del'] as const) {
    const engine = Reflect.get(MemoryLevel.prototype, `_${step}`) as (...args: unknown[]) => unknown
    Reflect.set(store, `_${step}`, async (...args: unknown[]) => {
      calls.push(step)
      const instead = await store.ailments[step]?.(String(args[0]))
      return step === 'get' && instead !== undefined ? instead : engine.apply(store, args)
    })
  }
  return store
}

/** An error as a store throws it, with what nobody may see in its message. */
export function coded(code: string): () => never {
  return () => {
    throw Object.assign(new Error('secret: /var/lib/orders, key account:7'), { code })
  }
}
