import { expect, test } from 'vitest'
import type { StoreAdapter } from '../adapters/adapter.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { wrapMethods } from '../operations/wrap-method.ts'
import type { StoreProbe } from '../registry/store-binding.ts'
import { type Action, type StoreKind, storeSuite } from './store-suite.ts'

/** A store without a built-in adapter: reads synchronously, writes asynchronously, and cannot be closed. */
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

const correct: StoreAdapter<Shelf> = {
  name: 'shelf',
  operations: ['get', 'set'],
  engineMetrics: {},
  errorCodes: new Set(),
  matches: (store) => store instanceof Shelf,
  engine: () => 'wood',
  instrument: (shelf, context) => ({
    state: () => 'open',
    detach: wrapMethods(shelf, context, { read: 'get', add: 'set' }),
  }),
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

/** Runs the suite on shelves with this adapter. Returns the tests that failed, each with its message. */
async function runSuite(adapter: StoreAdapter<Shelf>, changes: Partial<StoreKind<Shelf>> = {}): Promise<Map<string, string>> {
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
  const failed = new Map<string, string>()
  for (const [name, run] of tests) {
    await run().catch((error: Error) => failed.set(name.replace(/^shelf: /, ''), error.message))
  }
  return failed
}

/** Runs the suite, and returns the names of the tests that failed. */
async function failures(...args: Parameters<typeof runSuite>): Promise<string[]> {
  return [...(await runSuite(...args)).keys()]
}

/** An adapter that instruments shelves in another way. */
const adapterWith = (instrument: StoreAdapter<Shelf>['instrument']): StoreAdapter<Shelf> => ({ ...correct, instrument })

test('a correct adapter passes', async () => {
  expect(await failures(correct)).toEqual([])
})

const probeTest = 'its probe works, is not measured, and leaves nothing behind'
type CreateProbe = (shelf: Shelf, context: StoreContext) => StoreProbe

const withProbe = (createProbe: CreateProbe): StoreAdapter<Shelf> =>
  adapterWith((shelf, context) => ({ ...correct.instrument(shelf, context), probe: () => createProbe(shelf, context) }))

const correctProbe = ((shelf, context) => ({
  read: async (title) => context.withoutMeasuring(() => shelf.read(title)),
  write: async (title, text) => {
    await context.withoutMeasuring(() => shelf.add(title, text))
  },
  remove: async (title) => shelf.drop(title),
})) satisfies CreateProbe

test('an adapter with a probe passes, also if the probe only reads', async () => {
  expect(await failures(withProbe(correctProbe))).toEqual([])
  const readOnly: CreateProbe = (shelf, context) => ({ read: correctProbe(shelf, context).read })
  expect(await failures(withProbe(readOnly))).toEqual([])
})

test('what the engine counts of a probe is not an operation of the users', async () => {
  const counting: StoreAdapter<Shelf> = {
    ...adapterWith((shelf, context) => {
      const flushes = context.registry.counter('db_flush_operations_total', { store: context.name })
      const probe = correctProbe(shelf, context)
      const write: StoreProbe['write'] = async (title, text) => {
        await probe.write(title, text)
        flushes.add(1)
      }
      return { ...correct.instrument(shelf, context), probe: () => ({ ...probe, write }) }
    }),
    engineMetrics: { wood: ['db_flush_operations_total'] },
  }
  expect(await failures(counting)).toEqual([])
})

const wrongProbes: Readonly<Record<string, CreateProbe>> = {
  'whose reads are measured': (shelf, context) => ({
    ...correctProbe(shelf, context),
    read: async (title) => shelf.read(title),
  }),
  'whose writes are measured': (shelf, context) => ({
    ...correctProbe(shelf, context),
    write: async (title, text) => {
      await shelf.add(title, text)
    },
  }),
  'that returns a value for a missing key': (shelf, context) => ({ ...correctProbe(shelf, context), read: async () => '' }),
  'that writes nothing': (shelf, context) => ({ ...correctProbe(shelf, context), write: async () => {} }),
  'that removes nothing': (shelf, context) => ({ ...correctProbe(shelf, context), remove: async () => {} }),
  'that cannot remove what it writes': (shelf, context) => {
    const { read, write } = correctProbe(shelf, context)
    return { read, write }
  },
}

for (const [kind, probe] of Object.entries(wrongProbes)) {
  test(`a probe ${kind} fails`, async () => {
    expect(await failures(withProbe(probe))).toEqual([probeTest])
  })
}

test('an adapter that counts twice fails', async () => {
  const twice = adapterWith((shelf, context) => {
    const binding = correct.instrument(shelf, context)
    const add = shelf.add
    shelf.add = async (title, text) => {
      context.recorder('set').recordSuccess(0)
      return add.call(shelf, title, text)
    }
    return {
      ...binding,
      detach() {
        Reflect.deleteProperty(shelf, 'add')
        binding.detach()
      },
    }
  })
  expect(await failures(twice)).toContain('add counts as one set, and returns what it returns unmeasured')
})

test('an adapter that does not wrap an operation fails', async () => {
  const deaf = adapterWith((shelf, context) => {
    context.recorder('get')
    return { state: () => 'open', detach: wrapMethods(shelf, context, { add: 'set' }) }
  })
  expect(await failures(deaf)).toContain('read counts as one get, and returns what it returns unmeasured')
})

test('an adapter that counts an operation as another one fails', async () => {
  const confused = adapterWith((shelf, context) => {
    return { state: () => 'open', detach: wrapMethods(shelf, context, { read: 'set', add: 'get' }) }
  })
  expect(await failures(confused)).toEqual(
    expect.arrayContaining(['read counts as one get, and returns what it returns unmeasured']),
  )
})

test('an adapter that changes a result fails', async () => {
  const meddling = adapterWith((shelf, context) => {
    const binding = correct.instrument(shelf, context)
    const read = shelf.read
    shelf.read = (title) => read.call(shelf, title)?.toUpperCase()
    return {
      ...binding,
      detach() {
        Reflect.deleteProperty(shelf, 'read')
        binding.detach()
      },
    }
  })
  expect(await failures(meddling)).toEqual(['read counts as one get, and returns what it returns unmeasured'])
})

test('an adapter that returns a promise for a synchronous result fails', async () => {
  const slow = adapterWith((shelf, context) => {
    const binding = correct.instrument(shelf, context)
    const read = shelf.read
    shelf.read = (async (title: string) => read.call(shelf, title)) as unknown as Shelf['read']
    return {
      ...binding,
      detach() {
        Reflect.deleteProperty(shelf, 'read')
        binding.detach()
      },
    }
  })
  expect(await failures(slow)).toContain('read counts as one get, and returns what it returns unmeasured')
})

test('an adapter that wraps an error in its own fails', async () => {
  const wrapping = adapterWith((shelf, context) => {
    const binding = correct.instrument(shelf, context)
    const add = shelf.add
    shelf.add = (title, text) =>
      add.call(shelf, title, text).catch((cause: unknown) => {
        throw new Error('measured failure', { cause })
      })
    return {
      ...binding,
      detach() {
        Reflect.deleteProperty(shelf, 'add')
        binding.detach()
      },
    }
  })
  expect(await failures(wrapping)).toEqual(["add that fails counts as one set and one error, and throws the store's own error"])
})

test('an adapter that leaves a property on the store fails', async () => {
  const messy = adapterWith((shelf, context) => {
    Reflect.set(shelf, 'measuredSince', 0)
    return correct.instrument(shelf, context)
  })
  expect(await failures(messy)).toEqual(['uninstrument restores the store and stops measuring'])
})

test('an adapter that does not detach fails', async () => {
  const sticky = adapterWith((shelf, context) => {
    return { ...correct.instrument(shelf, context), detach() {} }
  })
  expect(await failures(sticky)).toEqual(['uninstrument restores the store and stops measuring'])
})

test('an adapter with an operation that never settles fails', async () => {
  const forgetful = adapterWith((shelf, context) => {
    context.inFlight.begin()
    return correct.instrument(shelf, context)
  })
  expect(await failures(forgetful)).toContain('concurrent operations are all measured')
})

test('an adapter that reports an open store as closed fails', async () => {
  const mute = adapterWith((shelf, context) => ({ ...correct.instrument(shelf, context), state: () => 'closed' }))
  expect(await failures(mute)).toContain('its operations start at 0, no others exist, and db_store_info describes it')
})

test('an adapter that puts a key into a label fails', async () => {
  const leaky = adapterWith((shelf, context) => {
    const binding = correct.instrument(shelf, context)
    const read = shelf.read
    shelf.read = (title) => {
      context.registry.incrementCounter('db_slow_operations_total', 1, { store: 'the store', operation: title })
      return read.call(shelf, title)
    }
    return {
      ...binding,
      detach() {
        Reflect.deleteProperty(shelf, 'read')
        binding.detach()
      },
    }
  })
  expect(await failures(leaky)).toEqual(['every metric is in the catalog, and no label contains data'])
})

test('an adapter with a metric that is not in the catalog fails', async () => {
  const inventive = adapterWith((shelf, context) => {
    const description = 'Books on the shelf.'
    context.registry.declare({ name: 'shelf_books', kind: 'gauge', unit: '{book}', description, attributes: [] })
    context.registry.setGauge('shelf_books', 3)
    return correct.instrument(shelf, context)
  })
  expect(await failures(inventive)).toEqual(['every metric is in the catalog, and no label contains data'])
})

const metricsTest = "its engine metrics are those in the adapter's engineMetrics"
const withEntries: StoreAdapter<Shelf> = {
  ...adapterWith((shelf, context) => {
    context.observeGauge('db_entries', () => 3)
    return correct.instrument(shelf, context)
  }),
  engineMetrics: { wood: ['db_entries'] },
}

test('an adapter that records exactly the engine metrics in its list passes', async () => {
  expect(await failures(withEntries)).toEqual([])
})

const wrongMetrics: Readonly<Record<string, [engineMetrics: StoreAdapter['engineMetrics'], message: string]>> = {
  'a recorded metric that is not in the list': [{ wood: [] }, 'recorded but not in engineMetrics.wood: db_entries; add them'],
  'a metric in the list that is not recorded': [
    { wood: ['db_entries', 'db_wal_bytes'] },
    'in engineMetrics.wood but not recorded: db_wal_bytes; create their series in instrument(), remove them, or list them in optionalMetrics',
  ],
  'an engine without a list': [
    { steel: ['db_entries'] },
    'engine() returned "wood", which is not in engineMetrics (steel): add it, with [] if the store records no metrics of this engine',
  ],
}

for (const [kind, [engineMetrics, message]] of Object.entries(wrongMetrics)) {
  test(`${kind} fails`, async () => {
    const failed = await runSuite({ ...withEntries, engineMetrics })
    expect([...failed].map(([name, text]) => [name, text.split('\n')[0]])).toEqual([[metricsTest, message]])
  })
}

test('a metric that is recorded only after an event is optional', async () => {
  const engineMetrics = { wood: ['db_entries', 'db_write_stalls_total'] } as const
  expect(await failures({ ...withEntries, engineMetrics }, { optionalMetrics: ['db_write_stalls_total'] })).toEqual([])
})

test('an error code that the adapter does not list fails', async () => {
  const create: StoreKind<Shelf>['create'] = ({ entries, poisonedKey, error }) =>
    new Shelf(entries, new Map([[poisonedKey, Object.assign(error, { code: 'SHELF_FULL' })]]))
  expect(await failures({ ...correct, errorCodes: new Set(['SHELF_FULL']) }, { create })).toEqual([])
  const { fail: _, ...succeeding } = reading
  const failed = await runSuite(correct, { create, actions: [succeeding, adding] })
  const message =
    'error_type must be the code of the error, "SHELF_FULL", got "_OTHER": add "SHELF_FULL" to the adapter\'s errorCodes'
  expect([...failed].map(([name, text]) => [name, text.split('\n')[0]])).toEqual([
    ["add that fails counts as one set and one error, and throws the store's own error", message],
  ])
})

test('an optional operation that the store does not have needs no action; one that is not optional fails', async () => {
  const missingOperations = ['delete'] as const
  const partly = { ...correct, operations: ['get', 'set', 'delete'], optionalOperations: ['delete'] } as const
  expect(await failures(partly, { missingOperations })).toEqual([])
  const { optionalOperations: _, ...strict } = partly
  const wrapsDelete = {
    ...strict,
    instrument: (shelf: Shelf, context: StoreContext) => {
      context.recorder('delete')
      return correct.instrument(shelf, context)
    },
  }
  expect(await failures(wrapsDelete, { missingOperations })).toContain(
    'its operations start at 0, no others exist, and db_store_info describes it',
  )
})

test('an operation that no action performs fails, so every operation of the adapter is tested', async () => {
  const boastful = { ...correct, operations: ['get', 'set', 'delete'], optionalOperations: ['delete'] } as const
  expect(await failures(boastful)).toContain('its operations start at 0, no others exist, and db_store_info describes it')
})

test('an action with a `fail` that does not fail is reported', async () => {
  const fearless: Action<Shelf> = { ...reading, fail: (shelf, { newKey }) => shelf.read(newKey) }
  expect(await failures(correct, { actions: [fearless, adding] })).toEqual([
    "read that fails counts as one get and one error, and throws the store's own error",
  ])
})

test('an adapter that reports a closed store as open fails', async () => {
  expect(await failures(correct, { close: () => {} })).toEqual(['a closed store has no gauges and keeps its counters'])
})

test('a failure names what is missing and what to do', async () => {
  // The first line of each message: Node may append a diff.
  const messages = async (...args: Parameters<typeof runSuite>): Promise<unknown[]> =>
    [...(await runSuite(...args)).values()].map((message) => message.split('\n')[0])
  const withoutGet = adapterWith((shelf, context) => {
    context.recorder('get')
    return { state: () => 'open', detach: wrapMethods(shelf, context, { add: 'set' }) }
  })
  expect(await messages(withoutGet)).toContain(
    'get must be measured as {"operations":1,"errors":0}, got {"operations":0,"errors":0}: wrap each method that performs get exactly once',
  )
  const alwaysClosed = adapterWith((shelf, context) => ({ ...correct.instrument(shelf, context), state: () => 'closed' }))
  expect(await messages(alwaysClosed)).toContain(
    'db_queue_depth must be 0 after all operations, got undefined: state() of the binding must return "open" while the store is open, got "closed"',
  )
  expect(await messages({ ...correct, operations: ['get', 'set', 'delete'], optionalOperations: ['delete'] })).toContain(
    "no action performs delete: add one to actions, or remove it from the adapter's operations",
  )
  expect(await messages({ ...correct, operations: ['get'] })).toContain(
    'adapter "shelf" measures the operation set, but its operations are get: add set',
  )
  const sticky = adapterWith((shelf, context) => ({ ...correct.instrument(shelf, context), detach() {} }))
  expect(await messages(sticky)).toEqual([
    'detach() of the binding must restore the store as it was before, still changed: read, add',
  ])
})
