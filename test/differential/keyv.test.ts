// Random calls of Keyv 4, 5 and 6 on backends that fail now and then, bare and measured. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=100000 npx vitest run test/differential/keyv.test.ts
import { instrument } from '@wombat/instrumentation'
import { type Choices, type Counts, compareWithBare, type Outcome, type Step } from '@wombat/test-support/differential'
import { Keyv } from 'keyv'
import Keyv4 from 'keyv4'
import Keyv5 from 'keyv5'
import { expect, test } from 'vitest'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 1000)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

/** The parts of a Keyv of any version that the steps use. */
interface AnyKeyv {
  get(key: unknown): Promise<unknown>
  getMany?(keys: readonly string[]): Promise<unknown>
  getRaw?(key: string): Promise<unknown>
  set(key: string, value: unknown, ttl?: number): Promise<unknown>
  setMany?(entries: readonly object[]): Promise<unknown>
  delete(key: unknown): Promise<unknown>
  deleteMany?(keys: readonly string[]): Promise<unknown>
  has(key: string): Promise<unknown>
  hasMany?(keys: readonly string[]): Promise<unknown>
  clear(): Promise<unknown>
  iterator?: ((...args: unknown[]) => AsyncIterable<unknown> | undefined) | undefined
  on(event: string, listener: (error: unknown) => void): unknown
}

type How = 'map' | 'fails' | 'fails with many'

/** A backend that fails for keys with an x, in one way or another. */
class Backend {
  namespace: string | undefined
  readonly #entries = new Map<string, unknown>()

  /** The content, however it got there. */
  content(): unknown {
    return [...this.#entries.keys()].sort()
  }
  async get(key: string): Promise<unknown> {
    return this.#allowed(key).get(key)
  }
  /** Throws at once: not every backend returns a promise. */
  set(key: string, value: unknown): Promise<boolean> {
    this.#allowed(key).set(key, value)
    return Promise.resolve(true)
  }
  async delete(key: string): Promise<boolean> {
    return this.#allowed(key).delete(key)
  }
  async clear(): Promise<void> {
    this.#entries.clear()
  }

  #allowed(key: string): Map<string, unknown> {
    if (key.includes('x')) throw Object.assign(new Error('the backend is down'), { code: 'DOWN' })
    return this.#entries
  }
}

class BackendWithMany extends Backend {
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    return Promise.all(keys.map((key) => this.get(key)))
  }
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const deleted = await Promise.all(keys.map((key) => this.delete(key)))
    return deleted.every(Boolean)
  }
}

interface State {
  readonly keyv: AnyKeyv
  readonly backend: Backend | undefined
  readonly events: string[]
}

const versions: Readonly<Record<string, (backend: object) => AnyKeyv>> = {
  'keyv 4': (backend) => new Keyv4({ store: backend as never }) as unknown as AnyKeyv,
  'keyv 5': (backend) => new Keyv5({ store: backend }) as unknown as AnyKeyv,
  'keyv 6': (backend) => new Keyv({ store: backend }) as unknown as AnyKeyv,
}

function createSteps(sample: AnyKeyv, how: How) {
  return ({ below, pick }: Choices): ReadonlyArray<Step<State>> => {
    const key = (): string => `k${below(8)}${how !== 'map' && below(5) === 0 ? 'x' : ''}`
    const [oneKey, value] = [key(), below(100)]
    const keys = Array.from({ length: 1 + below(3) }, key)
    const isFailing = (names: readonly string[]): boolean => names.some((name) => name.includes('x'))
    /** Counts one operation: failed if a key fails, with its entries if not. */
    const counted = (operation: keyof Counts, names: readonly string[], entries = 0): Counts => {
      const isFailed = isFailing(names)
      return { [operation]: { operations: 1, errors: isFailed ? 1 : 0, entries: isFailed ? 0 : entries } }
    }
    const entriesToSet = keys.map((name) => ({ key: name, value }))
    const step = (
      name: string,
      run: (keyv: AnyKeyv) => unknown,
      counts: Counts | ((outcome: Outcome) => Counts),
    ): Step<State> => ({
      name,
      // The events of both must be the same, too.
      run: async ({ keyv, events }) => {
        events.length = 0
        const result = await run(keyv)
        return [result, [...events]]
      },
      counts,
    })
    const all = [
      step('get', (keyv) => keyv.get(oneKey), counted('get', [oneKey])),
      step('get of many', (keyv) => keyv.get(keys), counted('get_many', keys)),
      step('set', (keyv) => keyv.set(oneKey, value), counted('set', [oneKey])),
      step('set', (keyv) => keyv.set(oneKey, `${value}`), counted('set', [oneKey])),
      step('delete', (keyv) => keyv.delete(oneKey), counted('delete', [oneKey])),
      step('delete of many', (keyv) => keyv.delete(keys), counted('batch', keys, keys.length)),
      step('has', (keyv) => keyv.has(oneKey), counted('has', [oneKey])),
      step('clear', (keyv) => keyv.clear(), counted('clear', [])),
    ]
    if (sample.getMany !== undefined) all.push(step('getMany', (keyv) => keyv.getMany?.(keys), counted('get_many', keys)))
    if (sample.getRaw !== undefined) all.push(step('getRaw', (keyv) => keyv.getRaw?.(oneKey), counted('get', [oneKey])))
    if (sample.setMany !== undefined)
      all.push(step('setMany', (keyv) => keyv.setMany?.(entriesToSet), counted('batch', keys, keys.length)))
    if (sample.deleteMany !== undefined)
      all.push(step('deleteMany', (keyv) => keyv.deleteMany?.(keys), counted('batch', keys, keys.length)))
    if (sample.hasMany !== undefined) all.push(step('hasMany', (keyv) => keyv.hasMany?.(keys), counted('has', keys)))
    if (sample.iterator !== undefined) {
      all.push(
        step(
          'all entries',
          async (keyv) => {
            const got: unknown[] = []
            for await (const entry of keyv.iterator?.() ?? []) got.push(entry)
            return got
          },
          (outcome) => ({ scan: { entries: 'value' in outcome ? (outcome.value as [unknown[]])[0].length : 0 } }),
        ),
      )
    }
    return [pick(all)]
  }
}

const backends: Readonly<Record<How, () => object>> = {
  map: () => new Map(),
  fails: () => new Backend(),
  'fails with many': () => new BackendWithMany(),
}

for (const [version, create] of Object.entries(versions)) {
  for (const how of Object.keys(backends) as How[]) {
    for (const hasListener of [true, false]) {
      const title = `${version} on a backend (${how}) ${hasListener ? 'with' : 'without'} a listener, measured, does what it does unmeasured, and every call is counted`
      test.each(seeds)(
        `${title} (seed %i)`,
        async (seed) => {
          const result = await compareWithBare<State>(
            {
              async open(registry) {
                const backend = backends[how]()
                const keyv = create(backend)
                const events: string[] = []
                if (hasListener) keyv.on('error', (error) => events.push(String(error)))
                if (registry !== undefined) instrument(keyv, { name: 'measured', registry })
                return { keyv, backend: backend instanceof Backend ? backend : undefined, events }
              },
              next: createSteps(create(backends[how]()), how),
              async finish({ backend }) {
                return backend?.content()
              },
            },
            { seed, steps: steps / 10 },
          )
          expect(result.differences).toEqual([])
          expect(result.operations).toBeGreaterThan(steps / 20)
        },
        600_000,
      )
    }
  }
}
