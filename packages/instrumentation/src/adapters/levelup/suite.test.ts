import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'

type Done = (error?: unknown, result?: unknown) => void
type Engine = (this: unknown, ...args: unknown[]) => unknown

/** A store of abstract-leveldown. */
interface Down {
  open(done: Done): void
  close(done: Done): void
  get(key: string, options: object, done: Done): void
  getMany(keys: string[], options: object, done: Done): void
  put(key: string, value: string, done: Done): void
  del(key: string, done: Done): void
  batch(entries: object[], done: Done): void
  batch(): ChainedBatch
  clear(options: object, done: Done): void
  iterator(options: object): { next(done: Done): void; end(done: Done): void }
}

interface ChainedBatch {
  put(key: string, value: string): ChainedBatch
  write(done: Done): void
}

const require = createRequire(import.meta.url)
const levelup: (store: object) => Down = require('levelup')
const encode: (store: object) => object = require('encoding-down')
const memdown: () => Down = require('memdown')
const leveldown: (location: string) => Down = require('leveldown')
const subleveldown: (store: object, name: string) => Down = require('subleveldown')

const folders = mkdtempSync(join(tmpdir(), 'levelup-suite-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'db-'))

const callBack = (call: (done: Done) => unknown): Promise<unknown> =>
  new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))))

function containsKey(argument: unknown, poisonedKey: string): boolean {
  return [argument].flat().some((one) => {
    const { key, gte } = one as { key?: unknown; gte?: unknown }
    return String(key ?? gte ?? one).includes(poisonedKey)
  })
}

/** Makes the innermost store call back with an error for the poisoned key, below the measured methods. */
function poisonEngine<Store extends object>(innermost: Store, { poisonedKey, error }: TestData): Store {
  const replace = (target: object, method: string, make: (original: Engine) => Engine): void => {
    Reflect.set(target, method, make(Reflect.get(target, method) as Engine))
  }
  const fail = (args: readonly unknown[]): void => process.nextTick(args.at(-1) as Done, error)
  for (const method of ['_get', '_getMany', '_put', '_del', '_batch', '_clear']) {
    replace(
      innermost,
      method,
      (original) =>
        function (...args) {
          return containsKey(args[0], poisonedKey) ? fail(args) : original.apply(this, args)
        },
    )
  }
  replace(
    innermost,
    '_iterator',
    (original) =>
      function (...args) {
        const iterator = original.apply(this, args) as object
        if (containsKey(args[0], poisonedKey))
          replace(
            iterator,
            '_next',
            () =>
              (...readArgs) =>
                fail(readArgs),
          )
        return iterator
      },
  )
  return innermost
}

async function scanAll(store: Down, options: object): Promise<unknown[]> {
  const iterator = store.iterator({ keyAsBuffer: false, valueAsBuffer: false, ...options })
  const entries: unknown[] = []
  try {
    for (;;) {
      const entry = await new Promise<unknown[] | undefined>((resolve, reject) => {
        iterator.next((error, ...keyAndValue) =>
          error ? reject(error) : resolve(keyAndValue[0] === undefined ? undefined : keyAndValue),
        )
      })
      if (entry === undefined) return entries
      entries.push(entry)
    }
  } finally {
    await callBack((done) => iterator.end(done))
  }
}

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const puts = ({ newKey, newValue }: TestData) => [
  { type: 'put', key: newKey, value: newValue },
  { type: 'put', key: `${newKey}-2`, value: newValue },
]

const actions: ReadonlyArray<Action<Down>> = [
  {
    does: 'get',
    operation: 'get',
    run: (store, data) => callBack((done) => store.get(firstKey(data), { asBuffer: false }, done)),
    fail: (store, { poisonedKey }) => callBack((done) => store.get(poisonedKey, {}, done)),
  },
  {
    does: 'get of a key that is not there',
    operation: 'get',
    run: (store, { newKey }) =>
      callBack((done) => store.get(newKey, {}, done)).catch((error: unknown) => /notfound/i.test(String(error))),
  },
  {
    does: 'getMany',
    operation: 'get_many',
    run: (store, data) => callBack((done) => store.getMany([firstKey(data), data.newKey], { asBuffer: false }, done)),
    fail: (store, data) => callBack((done) => store.getMany([firstKey(data), data.poisonedKey], {}, done)),
  },
  {
    does: 'iterator',
    operation: 'scan',
    entries: 3,
    run: (store) => scanAll(store, {}),
    fail: (store, { poisonedKey }) => scanAll(store, { gte: poisonedKey }),
  },
  { does: 'iterator with a limit', operation: 'scan', entries: 2, run: (store) => scanAll(store, { limit: 2 }) },
  {
    does: 'put',
    operation: 'set',
    run: (store, { newKey, newValue }) => callBack((done) => store.put(newKey, newValue, done)),
    fail: (store, { poisonedKey, newValue }) => callBack((done) => store.put(poisonedKey, newValue, done)),
  },
  {
    does: 'batch([...])',
    operation: 'batch',
    entries: 2,
    run: (store, data) => callBack((done) => store.batch(puts(data), done)),
    fail: (store, data) => callBack((done) => store.batch([...puts(data), { type: 'del', key: data.poisonedKey }], done)),
  },
  {
    does: 'batch().put().write()',
    operation: 'batch',
    entries: 2,
    run: (store, data) => {
      const batch = puts(data).reduce((chain, { key, value }) => chain.put(key, value), store.batch())
      return callBack((done) => batch.write(done))
    },
  },
  {
    does: 'del',
    operation: 'delete',
    run: (store, data) => callBack((done) => store.del(firstKey(data), done)),
    fail: (store, { poisonedKey }) => callBack((done) => store.del(poisonedKey, done)),
  },
  {
    does: 'clear',
    operation: 'clear',
    run: (store, { newKey }) => callBack((done) => store.clear({ gte: newKey }, done)),
    fail: (store, { poisonedKey }) => callBack((done) => store.clear({ gte: poisonedKey }, done)),
  },
]

async function fillStore(store: Down, innermost: object, data: TestData): Promise<Down> {
  await callBack((done) => store.open(done))
  await callBack((done) =>
    store.batch(
      data.entries.map(([key, value]) => ({ type: 'put', key, value })),
      done,
    ),
  )
  poisonEngine(innermost, data)
  return store
}

const kinds: Readonly<Record<string, (data: TestData) => Promise<Down>>> = {
  memdown: (data) => {
    const store = memdown()
    return fillStore(store, store, data)
  },
  leveldown: (data) => {
    const store = leveldown(folder())
    return fillStore(store, store, data)
  },
  'levelup on encoding-down on memdown': (data) => {
    const innermost = memdown()
    return fillStore(levelup(encode(innermost)), innermost, data)
  },
  'levelup on leveldown': (data) => {
    const innermost = leveldown(folder())
    return fillStore(levelup(encode(innermost)), innermost, data)
  },
  'a part of subleveldown': async (data) => {
    const whole = levelup(encode(memdown()))
    await callBack((done) => whole.open(done))
    const part = subleveldown(whole, 'part')
    return fillStore(part, Reflect.get(Reflect.get(part, '_db') as object, 'db') as object, data)
  },
}

for (const [kind, create] of Object.entries(kinds)) {
  storeSuite<Down>({ kind, test, create, close: (store) => callBack((done) => store.close(done)), actions })
}
