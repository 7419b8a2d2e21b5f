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

/** Of a store that says nothing but whether it is open. */
const plain: StoreAdapter<Shelf> = {
  name: 'shelf',
  operations: ['get', 'set'],
  engineMetrics: {},
  errorCodes: new Set(),
  matches: (store) => store instanceof Shelf,
  engine: () => 'wood',
  isOpen: (shelf) => shelf.isOpen,
  attach(shelf, operations) {
    operations.publishGauges()
    return wrapMethods(shelf, operations, { read: 'get', add: 'set' })
  },
}

const whole: StoreAdapter<Shelf> = {
  ...plain,
  stateOf: (shelf) => (shelf.isOpen ? 'open' : 'opening'),
  directory: (shelf) => shelf.folder,
  probe: (shelf, operations) => ({
    read: async (title) => operations.withoutMeasuring(() => shelf.read(title)),
    write: async (title, text) => operations.withoutMeasuring(() => shelf.add(title, text)),
    remove: async (title) => operations.withoutMeasuring(() => shelf.drop(title)),
  }),
}

function measuring(adapter: StoreAdapter<Shelf>, shelf = new Shelf()) {
  const registry = new MetricsRegistry()
  instrument(shelf, { name: 'books', registry, adapter })
  return { shelf, registry, store: registry.stores.list()[0] as MeasuredStore }
}

test('a registry lists the stores that are measured, until they are measured no more', () => {
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

test('a store of which only is known whether it is open is open or closed, lies nowhere and cannot be tried out', () => {
  const { shelf, store } = measuring(plain)
  expect([store.state(), store.directory(), store.probe()]).toEqual(['open', undefined, undefined])
  shelf.isOpen = false
  expect(store.state()).toBe('closed')
})

test('a store that its adapter says more of has its state, and can be tried out while it is open', async () => {
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

test('the folder is that of the beginning, or the first that is known', () => {
  const shelf = new Shelf()
  const { store } = measuring(whole, shelf)
  expect(store.directory()).toBeUndefined()
  for (const folder of ['/library', '/attic']) {
    shelf.folder = folder
    expect(store.directory()).toBe('/library')
  }
})

test('an adapter that fails half-way leaves no store in the registry', () => {
  const registry = new MetricsRegistry()
  const failing: StoreAdapter<Shelf> = {
    ...whole,
    stats() {
      throw new Error('no engine')
    },
  }
  expect(() => instrument(new Shelf(), { registry, adapter: failing })).toThrow('no engine')
  expect(registry.stores.list()).toEqual([])
})

test('a store that is dropped is collected although its registry knows it, counts as closed, and is listed no more', async () => {
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

test('whoever wants to know of stores that come is told until no more, and does no harm by failing', () => {
  const registry = new MetricsRegistry()
  let told = 0
  registry.stores.onAdded(() => {
    throw new Error('not our business')
  })
  const forget = registry.stores.onAdded(() => {
    told++
  })
  expect(() => instrument(new Shelf(), { registry, adapter: plain })).not.toThrow()
  expect(told).toBe(1)
  forget()
  instrument(new Shelf(), { registry, adapter: plain })
  expect(told).toBe(1)
})

test('a store that could not be opened is failed, with what kind of error it was, until it is open', () => {
  let failing: StoreContext | undefined
  const adapter: StoreAdapter<Shelf> = {
    ...plain,
    errorCodes: new Set(['SHELF_LOCKED']),
    attach(shelf, operations) {
      failing = operations
      return plain.attach(shelf, operations)
    },
  }
  const { shelf, store } = measuring(adapter)
  shelf.isOpen = false
  expect([store.state(), store.openFailure()]).toEqual(['closed', undefined])
  failing?.recordLifecycleError('open', { code: 'SHELF_LOCKED' })
  expect([store.state(), store.openFailure(), store.probe()]).toEqual(['failed', 'SHELF_LOCKED', undefined])
  shelf.isOpen = true
  failing?.publishGauges()
  expect([store.state(), store.openFailure()]).toEqual(['open', undefined])
  shelf.isOpen = false
  expect(store.state()).toBe('closed')
})
