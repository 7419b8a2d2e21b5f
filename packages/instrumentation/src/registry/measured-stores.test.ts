import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { instrument, uninstrument } from '../instrument.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { wrapMethods } from '../operations/wrap-method.ts'
import type { MeasuredStore } from './measured-stores.ts'
import { MetricsRegistry } from './registry.ts'

class Shelf {
  isOpen = true
  folder: string | undefined
  readonly #books = new Map<string, string>()

  read(title: string): string | undefined {
    return this.#books.get(title)
  }
  add(title: string, text: string): void {
    this.#books.set(title, text)
  }
  drop(title: string): void {
    this.#books.delete(title)
  }
}

/** The smallest binding: a state only. */
const plain: StoreAdapter<Shelf> = {
  name: 'shelf',
  operations: ['get', 'set'],
  engineMetrics: {},
  errorCodes: new Set(),
  matches: (store) => store instanceof Shelf,
  engine: () => 'wood',
  instrument: (shelf, context) => ({
    state: () => (shelf.isOpen ? 'open' : 'closed'),
    detach: wrapMethods(shelf, context, { read: 'get', add: 'set' }),
  }),
}

const whole: StoreAdapter<Shelf> = {
  ...plain,
  instrument: (shelf, context) => ({
    ...plain.instrument(shelf, context),
    state: () => (shelf.isOpen ? 'open' : 'opening'),
    directory: () => shelf.folder,
    probe: () => ({
      read: async (title) => context.withoutMeasuring(() => shelf.read(title)),
      write: async (title, text) => context.withoutMeasuring(() => shelf.add(title, text)),
      remove: async (title) => context.withoutMeasuring(() => shelf.drop(title)),
    }),
  }),
}

function measuring(adapter: StoreAdapter<Shelf>, shelf = new Shelf()) {
  const registry = new MetricsRegistry()
  instrument(shelf, { name: 'books', registry, adapter })
  return { shelf, registry, store: registry.stores.list()[0] as MeasuredStore }
}

test('a registry lists its measured stores until they are uninstrumented', () => {
  const registry = new MetricsRegistry()
  expect(registry.stores.list()).toEqual([])
  const shelves = ['novels', 'poems', 'poems'].map((name) => instrument(new Shelf(), { name, registry, adapter: plain }))
  instrument(shelves[0] as Shelf, { name: 'again', registry, adapter: plain })
  const listed = () => registry.stores.list().map(({ name, engine, adapter }) => [name, engine, adapter])
  expect(listed()).toEqual([
    ['novels', 'wood', 'shelf'],
    ['poems', 'wood', 'shelf'],
    ['poems', 'wood', 'shelf'],
  ])
  uninstrument(shelves[1] as Shelf)
  expect(listed()).toEqual([
    ['novels', 'wood', 'shelf'],
    ['poems', 'wood', 'shelf'],
  ])
})

test('a binding with only a state has no directory and no probe', () => {
  const { shelf, store } = measuring(plain)
  expect([store.state(), store.directory(), store.probe()]).toEqual(['open', undefined, undefined])
  shelf.isOpen = false
  expect(store.state()).toBe('closed')
})

test('a probe is available only while the store is open, and is not measured', async () => {
  const { shelf, registry, store } = measuring(whole)
  const probe = store.probe()
  await probe?.write?.('Emma', 'text')
  expect(await probe?.read('Emma')).toBe('text')
  await probe?.remove?.('Emma')
  expect(shelf.read('Emma')).toBeUndefined()
  const counted = ['db_get_operations_total', 'db_set_operations_total'] as const
  expect(counted.map((name) => registry.counter(name, { store: 'books' }).value)).toEqual([1, 0])
  shelf.isOpen = false
  expect([store.state(), store.probe()]).toEqual(['opening', undefined])
})

test('the directory is the first one that is known', () => {
  const shelf = new Shelf()
  const { store } = measuring(whole, shelf)
  expect(store.directory()).toBeUndefined()
  for (const folder of ['/library', '/attic']) {
    shelf.folder = folder
    expect(store.directory()).toBe('/library')
  }
})

test('an adapter that throws leaves no store in the registry', () => {
  const registry = new MetricsRegistry()
  const failing: StoreAdapter<Shelf> = {
    ...whole,
    instrument(shelf, context) {
      whole.instrument(shelf, context)
      throw new Error('no engine')
    },
  }
  expect(() => instrument(new Shelf(), { registry, adapter: failing })).toThrow('no engine')
  expect(registry.stores.list()).toEqual([])
})

test('a dropped store is garbage collected, counts as closed and is no longer listed', async () => {
  const registry = new MetricsRegistry()
  const measured = (): WeakRef<Shelf> => new WeakRef(instrument(new Shelf(), { name: 'books', registry, adapter: whole }))
  const dropped = measured()
  const store = registry.stores.list()[0] as MeasuredStore
  expect([store.state(), store.probe() !== undefined]).toEqual(['open', true])
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let tries = 0; tries < 20 && registry.stores.list().length > 0; tries++) {
    await sleep(1)
    collect()
  }
  expect(dropped.deref()).toBeUndefined()
  expect(registry.stores.list()).toEqual([])
  expect([store.state(), store.directory(), store.probe()]).toEqual(['closed', undefined, undefined])
})

test('listeners run for each added store until they are removed, and may throw', () => {
  const registry = new MetricsRegistry()
  let added = 0
  registry.stores.onAdded(() => {
    throw new Error('listener failed')
  })
  const remove = registry.stores.onAdded(() => {
    added++
  })
  expect(() => instrument(new Shelf(), { registry, adapter: plain })).not.toThrow()
  expect(added).toBe(1)
  remove()
  instrument(new Shelf(), { registry, adapter: plain })
  expect(added).toBe(1)
})

test('a store that could not be opened is failed, with its error type, until it is opened', () => {
  let failing: StoreContext | undefined
  const adapter: StoreAdapter<Shelf> = {
    ...plain,
    errorCodes: new Set(['SHELF_LOCKED']),
    instrument(shelf, context) {
      failing = context
      return plain.instrument(shelf, context)
    },
  }
  const { shelf, store } = measuring(adapter)
  shelf.isOpen = false
  expect([store.state(), store.openFailure()]).toEqual(['closed', undefined])
  failing?.recordLifecycleError('open', { code: 'SHELF_LOCKED' })
  expect([store.state(), store.openFailure(), store.probe()]).toEqual(['failed', 'SHELF_LOCKED', undefined])
  shelf.isOpen = true
  failing?.recordOpened()
  expect([store.state(), store.openFailure()]).toEqual(['open', undefined])
  shelf.isOpen = false
  expect(store.state()).toBe('closed')
})
