import { expect, test } from 'vitest'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { wrapMethods } from '../operations/wrap-method.ts'
import { type Action, type StoreKind, storeSuite } from './index.ts'

/** A store of somebody's own: reads at once, writes by a promise, has no batch and no scan, and cannot be closed. */
class Shelf {
  readonly #books = new Map<string, string>()
  readonly #broken: ReadonlyMap<string, Error>

  constructor(books: ReadonlyArray<readonly [string, string]>, broken: ReadonlyMap<string, Error>) {
    for (const [title, text] of books) this.#books.set(title, text)
    this.#broken = broken
  }

  read(title: string): string | undefined {
    const error = this.#broken.get(title)
    if (error !== undefined) throw error
    return this.#books.get(title)
  }

  drop(title: string): void {
    this.#books.delete(title)
  }

  async add(title: string, text: string): Promise<number> {
    const error = this.#broken.get(title)
    if (error !== undefined) throw error
    return this.#books.set(title, text).size
  }
}

const honest: StoreAdapter<Shelf> = {
  name: 'shelf',
  operations: ['get', 'set'],
  engineMetrics: {},
  errorCodes: new Set(),
  matches: (store) => store instanceof Shelf,
  engine: () => 'wood',
  attach(shelf, operations) {
    operations.publishGauges()
    return wrapMethods(shelf, operations, { read: 'get', add: 'set' })
  },
}

const reading: Action<Shelf> = {
  does: 'read',
  operation: 'get',
  run: (shelf, { entries }) => shelf.read(entries[0]?.[0] ?? ''),
  fail: (shelf, { poisonedKey }) => shelf.read(poisonedKey),
}
const adding: Action<Shelf> = {
  does: 'add',
  operation: 'set',
  run: (shelf, { newKey, newValue }) => shelf.add(newKey, newValue),
  fail: (shelf, { poisonedKey, newValue }) => shelf.add(poisonedKey, newValue),
}

/** Runs the suite on shelves with this adapter, and gives the names of the tests that failed. */
async function failures(adapter: StoreAdapter<Shelf>, changes: Partial<StoreKind<Shelf>> = {}): Promise<string[]> {
  const tests: Array<[name: string, run: () => Promise<void>]> = []
  storeSuite<Shelf>({
    kind: 'shelf',
    test: (name, run) => tests.push([name, run]),
    create: ({ entries, poisonedKey, error }) => new Shelf(entries, new Map([[poisonedKey, error]])),
    actions: [reading, adding],
    adapter,
    ...changes,
  })
  expect(tests.length).toBeGreaterThan(8)
  const failed: string[] = []
  for (const [name, run] of tests) await run().catch(() => failed.push(name.replace(/^shelf: /, '')))
  return failed
}

/** An adapter that does something else with the operations of a shelf. */
const attaching = (attach: StoreAdapter<Shelf>['attach']): StoreAdapter<Shelf> => ({ ...honest, attach })

test('an honest adapter for a store of your own passes', async () => {
  expect(await failures(honest)).toEqual([])
})

const triedOut = 'it can be tried out as its adapter says, and nothing of that is measured or stays'
type Probe = NonNullable<StoreAdapter<Shelf>['probe']>

const honestProbe = ((shelf, operations) => ({
  read: async (title) => operations.withoutMeasuring(() => shelf.read(title)),
  write: async (title, text) => {
    await operations.withoutMeasuring(() => shelf.add(title, text))
  },
  remove: async (title) => shelf.drop(title),
})) satisfies Probe

test('an adapter that can try its store out passes, also where it only reads', async () => {
  expect(await failures({ ...honest, probe: honestProbe })).toEqual([])
  const readOnly: Probe = (shelf, operations) => ({ read: honestProbe(shelf, operations).read })
  expect(await failures({ ...honest, probe: readOnly })).toEqual([])
})

const dishonest: Readonly<Record<string, Probe>> = {
  'whose reads are measured': (shelf, operations) => ({
    ...honestProbe(shelf, operations),
    read: async (title) => shelf.read(title),
  }),
  'whose writes are measured': (shelf, operations) => ({
    ...honestProbe(shelf, operations),
    write: async (title, text) => {
      await shelf.add(title, text)
    },
  }),
  'that makes up an answer': (shelf, operations) => ({ ...honestProbe(shelf, operations), read: async () => '' }),
  'that writes nothing': (shelf, operations) => ({ ...honestProbe(shelf, operations), write: async () => {} }),
  'that removes nothing': (shelf, operations) => ({ ...honestProbe(shelf, operations), remove: async () => {} }),
  'that cannot remove what it writes': (shelf, operations) => {
    const { read, write } = honestProbe(shelf, operations)
    return { read, write }
  },
}

for (const [kind, probe] of Object.entries(dishonest)) {
  test(`a probe ${kind} fails`, async () => {
    expect(await failures({ ...honest, probe })).toEqual([triedOut])
  })
}

test('an adapter that counts twice fails', async () => {
  const twice = attaching((shelf, operations) => {
    const detach = honest.attach(shelf, operations)
    const add = shelf.add
    shelf.add = async (title, text) => {
      operations.recorder('set').recordSuccess(0)
      return add.call(shelf, title, text)
    }
    return () => {
      Reflect.deleteProperty(shelf, 'add')
      detach()
    }
  })
  expect(await failures(twice)).toContain('add is one set, and gives what it gives without us')
})

test('an adapter that misses an operation fails', async () => {
  const deaf = attaching((shelf, operations) => {
    operations.publishGauges()
    return wrapMethods(shelf, operations, { add: 'set' })
  })
  expect(await failures(deaf)).toContain('read is one get, and gives what it gives without us')
})

test('an adapter that counts an operation as another one fails', async () => {
  const confused = attaching((shelf, operations) => {
    operations.publishGauges()
    return wrapMethods(shelf, operations, { read: 'set', add: 'get' })
  })
  expect(await failures(confused)).toEqual(expect.arrayContaining(['read is one get, and gives what it gives without us']))
})

test('an adapter that changes a result fails', async () => {
  const meddling = attaching((shelf, operations) => {
    const detach = honest.attach(shelf, operations)
    const read = shelf.read
    shelf.read = (title) => read.call(shelf, title)?.toUpperCase()
    return () => {
      Reflect.deleteProperty(shelf, 'read')
      detach()
    }
  })
  expect(await failures(meddling)).toEqual(['read is one get, and gives what it gives without us'])
})

test('an adapter that makes a promise of what came at once fails', async () => {
  const slow = attaching((shelf, operations) => {
    const detach = honest.attach(shelf, operations)
    const read = shelf.read
    shelf.read = (async (title: string) => read.call(shelf, title)) as unknown as Shelf['read']
    return () => {
      Reflect.deleteProperty(shelf, 'read')
      detach()
    }
  })
  expect(await failures(slow)).toContain('read is one get, and gives what it gives without us')
})

test('an adapter that wraps an error in its own fails', async () => {
  const wrapping = attaching((shelf, operations) => {
    const detach = honest.attach(shelf, operations)
    const add = shelf.add
    shelf.add = (title, text) =>
      add.call(shelf, title, text).catch((cause: unknown) => {
        throw new Error('measured failure', { cause })
      })
    return () => {
      Reflect.deleteProperty(shelf, 'add')
      detach()
    }
  })
  expect(await failures(wrapping)).toEqual(["add that fails is one set and one error, the store's own"])
})

test('an adapter that leaves a trace fails', async () => {
  const messy = attaching((shelf, operations) => {
    Reflect.set(shelf, 'measuredSince', 0)
    return honest.attach(shelf, operations)
  })
  expect(await failures(messy)).toEqual(['uninstrument leaves no trace, and nothing is measured any more'])
})

test('an adapter that goes on after it was detached leaves a trace', async () => {
  const sticky = attaching((shelf, operations) => {
    honest.attach(shelf, operations)
    return () => {}
  })
  expect(await failures(sticky)).toEqual(['uninstrument leaves no trace, and nothing is measured any more'])
})

test('an adapter whose operations never end fails', async () => {
  const forgetful = attaching((shelf, operations) => {
    operations.inFlight.begin()
    return honest.attach(shelf, operations)
  })
  expect(await failures(forgetful)).toContain('many operations at once are all measured')
})

test('an adapter that shows no gauges fails', async () => {
  const mute = attaching((shelf, operations) => wrapMethods(shelf, operations, { read: 'get', add: 'set' }))
  expect(await failures(mute)).toContain('its operations are there at 0 from the start and no other, and what it is')
})

test('an adapter that puts a key into a label fails', async () => {
  const leaky = attaching((shelf, operations) => {
    const detach = honest.attach(shelf, operations)
    const read = shelf.read
    shelf.read = (title) => {
      operations.registry.incrementCounter('db_slow_operations_total', 1, { store: 'the store', operation: title })
      return read.call(shelf, title)
    }
    return () => {
      Reflect.deleteProperty(shelf, 'read')
      detach()
    }
  })
  expect(await failures(leaky)).toEqual(['every metric is one of the catalogue, and nothing of the data is a label'])
})

test('an adapter with a metric of its own name fails', async () => {
  const inventive = attaching((shelf, operations) => {
    const description = 'Books on the shelf.'
    operations.registry.declare({ name: 'shelf_books', kind: 'gauge', unit: '{book}', description, attributes: [] })
    operations.registry.setGauge('shelf_books', 3)
    return honest.attach(shelf, operations)
  })
  expect(await failures(inventive)).toEqual(['every metric is one of the catalogue, and nothing of the data is a label'])
})

test('an operation that is supplied and never done fails, so that nothing is supplied unproved', async () => {
  const boastful = { ...honest, operations: ['get', 'set', 'delete'] } as const
  expect(await failures(boastful)).toContain('its operations are there at 0 from the start and no other, and what it is')
})

test('a failure that does not come about fails', async () => {
  const fearless: Action<Shelf> = { ...reading, fail: (shelf, { newKey }) => shelf.read(newKey) }
  expect(await failures(honest, { actions: [fearless, adding] })).toEqual([
    "read that fails is one get and one error, the store's own",
  ])
})

test('gauges that outlive their store fail', async () => {
  expect(await failures(honest, { close: () => {} })).toEqual(['closed, its gauges are gone and its counters stay'])
})
