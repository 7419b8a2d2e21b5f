// Random operations on a hyperbee and on a measured one. A write takes milliseconds. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=5000 npx vitest run test/differential/hyperbee.test.ts
import { createRequire } from 'node:module'
import { instrument } from '@wombat/instrumentation'
import { type Choices, compareWithBare, type Step } from '@wombat/test-support/differential'
import { expect, test } from 'vitest'
import { type CacheState, cacheStep, createState } from './cache-steps.ts'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 80)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

interface Bee {
  readonly version: number
  get(key: string, options?: object): Promise<unknown>
  getBySeq(seq: number): Promise<unknown>
  put(key: string, value: string, options?: object): Promise<void>
  del(key: string, options?: object): Promise<void>
  peek(range: object): Promise<unknown>
  flush(): Promise<void>
  batch(): Bee
  sub(prefix: string): Bee
  snapshot(): Bee
  checkout(version: number): Bee
  createReadStream(range: object): AsyncIterable<{ key: unknown }>
  createHistoryStream(): AsyncIterable<unknown>
  close(): Promise<void>
}

const require = createRequire(import.meta.url)
const createBee = (): Bee => {
  const core: object = new (require('hypercore'))(require('random-access-memory'))
  return new (require('hyperbee'))(core, { keyEncoding: 'utf-8', valueEncoding: 'utf-8' })
}

type BeeStep = Step<CacheState<Bee>>
const one = (...args: Parameters<typeof cacheStep<Bee>>): BeeStep => cacheStep<Bee>(...args)
const lengthOf = (all: unknown): number => (all as unknown[]).length
const failing = {
  get keyEncoding() {
    throw new Error('unknown encoding')
  },
}

async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const entry of stream) all.push(entry)
  return all
}

async function inView(view: Bee, read: (view: Bee) => Promise<unknown>): Promise<unknown> {
  try {
    return await read(view)
  } finally {
    await view.close()
  }
}

function beeSteps({ below, pick }: Choices): ReadonlyArray<BeeStep> {
  const [oneKey, otherKey, value, back] = [`k${below(20)}`, `k${below(20)}`, `v${below(1000)}`, below(5)]
  const range = pick([{}, { gt: oneKey }, { lte: oneKey, reverse: true }, { limit: 1 + below(4) }])
  const all: ReadonlyArray<readonly [weight: number, BeeStep]> = [
    [4, one('get', 'get', (bee) => bee.get(oneKey))],
    [1, one('get with a wrong encoding', 'get', (bee) => bee.get(oneKey, failing))],
    [1, one('getBySeq', 'get', (bee) => bee.getBySeq(Math.max(1, bee.version - 1 - back)))],
    [5, one('put', 'set', (bee) => bee.put(oneKey, value))],
    [1, one('put under a condition', 'set', (bee) => bee.put(oneKey, value, { cas: () => back > 2 }))],
    [1, one('put with a wrong encoding', 'set', (bee) => bee.put(oneKey, value, failing))],
    [2, one('del', 'delete', (bee) => bee.del(oneKey))],
    [2, one('a stream', 'scan', (bee) => readAll(bee.createReadStream(range)), lengthOf)],
    [
      1,
      one(
        'peek',
        'scan',
        (bee) => bee.peek(range),
        (entry) => Number(entry !== null),
      ),
    ],
    [1, one('history', undefined, (bee) => readAll(bee.createHistoryStream()).then(lengthOf))],
    [1, one('put into a part', 'set', (bee) => bee.sub('part').put(oneKey, value))],
    [1, one('a stream of a part', 'scan', (bee) => readAll(bee.sub('part').createReadStream({})), lengthOf)],
    [1, one('get from a snapshot', 'get', (bee) => inView(bee.snapshot(), (view) => view.get(oneKey)))],
    [
      1,
      one('get from before', 'get', (bee) => inView(bee.checkout(Math.max(1, bee.version - back)), (view) => view.get(oneKey))),
    ],
    [
      2,
      one(
        'a batch',
        'batch',
        async (bee, state) => {
          const batch = bee.batch()
          await batch.put(oneKey, value)
          await batch.put(otherKey, value)
          state.calls.get = (state.calls.get ?? 0) + 1
          await batch.get(oneKey)
          await batch.flush()
        },
        () => 2,
      ),
    ],
  ]
  return [pick(all.flatMap(([weight, each]) => new Array<BeeStep>(weight).fill(each)))]
}

test.each(seeds)(
  'a hyperbee, measured, does what it does unmeasured, and everything is counted (seed %i)',
  async (seed) => {
    const result = await compareWithBare<CacheState<Bee>>(
      {
        async open(registry) {
          const bee = createBee()
          await bee.put('k0', 'v')
          if (registry !== undefined) instrument(bee, { name: 'measured', registry })
          return createState(bee)
        },
        next: beeSteps,
        async finish({ cache }) {
          const content = [await readAll(cache.createReadStream({})), cache.version]
          await cache.close()
          return content
        },
      },
      { seed, steps },
    )
    if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log(seed, result.steps, result.operations)
    expect(result.differences).toEqual([])
    expect(result.operations).toBeGreaterThan(steps / 2)
  },
  600_000,
)
