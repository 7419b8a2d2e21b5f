/**
 * Checks that an adapter measures its store correctly and does not change its behavior.
 *
 * @module @wombat/instrumentation/testing
 */

import assert from 'node:assert/strict'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { instrument, uninstrument } from '../instrument.ts'
import { metrics, type Operation, operationMetrics, operations } from '../metrics/semconv.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { assertSameOutcome, type Outcome, runOutcome } from './outcome.ts'
import { assertProbeUnseen, singleStore } from './probe.ts'

/** What the actions work with. The suite sees to it that nothing of it becomes a label. */
export interface TestData {
  /** Keys with their values that are in the store from the start. */
  readonly entries: ReadonlyArray<readonly [key: string, value: string]>
  /** A key that is in none of them, and a value for it. */
  readonly newKey: string
  readonly newValue: string
  /** A key on which the engine under your store may fail, and what with, where you can make it. */
  readonly poisonedKey: string
  readonly error: Error
}

/** One way to do one operation. */
export interface Action<Store extends object> {
  /** What is done, in the store's own words: part of the test's name. */
  readonly does: string
  readonly operation: Operation
  /** How many entries it moves; of a batch or a scan. */
  readonly entries?: number
  /** Does it once. What it gives, or its promise gives, must be the same with and without us. */
  readonly run: (store: Store, data: TestData) => unknown
  /** Does it so that it fails, where the store can be made to: by the poisoned key, a key it refuses, a full disk. */
  readonly fail?: (store: Store, data: TestData) => unknown
}

/** One kind of store, and how to use it. */
export interface StoreKind<Store extends object> {
  /** At the head of each test's name. */
  readonly kind: string
  /** The test function of `node:test`, of vitest or of any other runner. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** A new store, open, that holds the entries and nothing else. */
  readonly create: (data: TestData) => Store | Promise<Store>
  /** Closes it, where it can be closed, also one that is closed already; its gauges are gone then. */
  readonly close?: (store: Store) => unknown
  /** At least one for each operation that the adapter measures. Some tests do them all to one store, in this order. */
  readonly actions: ReadonlyArray<Action<Store>>
  /** Where the adapter is your own. */
  readonly adapter?: StoreAdapter
}

/** What was measured of one operation of one store; entries of batches and scans only. */
export interface Measured {
  readonly operations: number
  readonly errors: number
  readonly entries?: number
}

const name = 'the store'

/** The numbers of a store by metric: a counter's or gauge's value, a histogram's count. Those by kind of error are left out. */
function readAllValues(registry: MetricsRegistry, store: string): Map<string, number> {
  const own = registry.getAllMetrics().filter(({ labels }) => labels['store'] === store && labels['operation'] === undefined)
  return new Map(own.map(({ name: metric, value }) => [metric, typeof value === 'number' ? value : value.count]))
}

/**
 * What was measured of a store, for each operation that its adapter supplies.
 *
 * @throws AssertionError when a latency histogram holds another number of operations than were counted.
 */
export function readMeasured(registry: MetricsRegistry, store: string): { [O in Operation]?: Measured } {
  const numbers = readAllValues(registry, store)
  const seen: { [O in Operation]?: Measured } = {}
  for (const operation of operations) {
    const names = operationMetrics(operation)
    const [count, errors] = [numbers.get(names.operations), numbers.get(names.errors)]
    if (count === undefined || errors === undefined) continue
    assert.equal(numbers.get(names.latency), count, `${names.latency} holds every ${operation}`)
    const entries = numbers.get(`db_${operation}_entries_total`)
    seen[operation] = { operations: count, errors, ...(entries !== undefined && { entries }) }
  }
  return seen
}

/** A label's worst case is that a key, a value or a message turns up in it, so these cannot be mistaken for anything else. */
function testData(): TestData {
  const entries = ['first', 'second', 'third'].map((which) => [`suite-key-${which}`, `suite-value-${which}`] as const)
  const poisonedKey = 'suite-key-poisoned'
  const error = new Error(`suite-error on ${poisonedKey}`)
  return { entries, newKey: 'suite-key-new', newValue: 'suite-value-new', poisonedKey, error }
}

/** Everything that can be called on the store, its own or inherited, and every own property. */
function traceOf(store: object): unknown {
  const methods = new Map<PropertyKey, unknown>()
  for (let at: object | null = store; at !== null && at !== Object.prototype; at = Reflect.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      const value: unknown = Object.getOwnPropertyDescriptor(at, key)?.value
      if (typeof value === 'function' && !methods.has(key)) methods.set(key, value)
    }
  }
  return { own: Reflect.ownKeys(store), prototype: Reflect.getPrototypeOf(store), methods }
}

/** A promise that is observed on the side settles for us a moment after it did for its caller. */
const aMoment = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * What every adapter must satisfy, as tests of your runner. An adapter signs it with a few lines that say how to make a store
 * of its kind and how to do each of its operations.
 */
export function storeSuite<Store extends object>({ kind, test, create, close, actions, adapter }: StoreKind<Store>): void {
  type Actions = ReadonlyArray<Action<Store>>
  const supplied = operations.filter((operation) => actions.some((action) => action.operation === operation))

  const measure = (store: Store, registry: MetricsRegistry): Store =>
    instrument(store, { name, registry, ...(adapter !== undefined && { adapter }) })

  const check = (does: string, run: (store: Store, data: TestData, registry: MetricsRegistry) => Promise<void>): void => {
    test(`${kind}: ${does}`, async () => {
      const data = testData()
      const store = await create(data)
      try {
        await run(store, data, new MetricsRegistry())
      } finally {
        await close?.(store)
      }
    })
  }

  const checkMeasured: typeof check = (does, run) =>
    check(does, (store, data, registry) => run(measure(store, registry), data, registry))

  /** The same done to a store that nobody measures. */
  const plainly = async (act: (store: Store) => unknown, data: TestData): Promise<Outcome> => {
    const store = await create(data)
    const outcome = await runOutcome(() => act(store))
    await close?.(store)
    return outcome
  }

  const doAll = async (store: Store, data: TestData): Promise<void> => {
    for (const { does, run } of actions)
      assert.equal((await runOutcome(() => run(store, data))).failed, false, `${does} succeeds`)
    await aMoment()
  }

  /** Exactly these actions were measured, and nothing is in flight any more. */
  const assertMeasured = (registry: MetricsRegistry, done: Actions, failed: Actions = []): void => {
    const expected = supplied.map((operation) => {
      const ofIt = (some: Actions): Actions => some.filter((action) => action.operation === operation)
      const entries = ofIt(done).reduce((sum, action) => sum + (action.entries ?? 0), 0)
      const counts = { operations: ofIt(done).length + ofIt(failed).length, errors: ofIt(failed).length }
      return [operation, operation === 'batch' || operation === 'scan' ? { ...counts, entries } : counts]
    })
    assert.deepEqual(readMeasured(registry, name), Object.fromEntries(expected))
    assert.equal(readAllValues(registry, name).get('db_queue_depth'), 0)
    assert.equal(readAllValues(registry, name).get('db_oldest_operation_age_seconds'), 0)
  }

  check('instrument gives back the very same store', async (store, _data, registry) => {
    assert.equal(measure(store, registry), store)
  })

  checkMeasured('its operations are there at 0 from the start and no other, and what it is', async (_store, _data, registry) => {
    assertMeasured(registry, [])
    const infos = registry.getAllMetrics().filter((metric) => metric.name === 'db_store_info')
    assert.deepEqual(
      infos.map(({ labels: { engine, adapter: by }, value }) => [value, engine !== undefined, by !== undefined]),
      [[1, true, true]],
    )
  })

  for (const { does, operation, run, fail, entries = 0 } of actions) {
    checkMeasured(`${does} is one ${operation}, and gives what it gives without us`, async (store, data, registry) => {
      const got = await runOutcome(() => run(store, data))
      await aMoment()
      assert.equal(got.failed, false, `${does} succeeds`)
      assertMeasured(registry, [{ does, operation, run, entries }])
      assertSameOutcome(got, await plainly((plain) => run(plain, data), data), data)
    })

    if (fail === undefined) continue
    checkMeasured(`${does} that fails is one ${operation} and one error, the store's own`, async (store, data, registry) => {
      const got = await runOutcome(() => fail(store, data))
      await aMoment()
      assertMeasured(registry, [], [{ does, operation, run }])
      const kinds = registry.getAllMetrics().filter((metric) => metric.name === 'db_errors_total')
      assert.deepEqual(
        kinds.map(({ labels, value }) => [labels['operation'], value]),
        [[operation, 1]],
      )
      assertSameOutcome(got, await plainly((plain) => fail(plain, data), data), data)
    })
  }

  checkMeasured(
    'it can be tried out as its adapter says, and nothing of that is measured or stays',
    async (_store, data, registry) => {
      await assertProbeUnseen(registry, data)
      assertMeasured(registry, [])
    },
  )

  checkMeasured('many operations at once are all measured', async (store, data, registry) => {
    const many = actions.flatMap((action) => new Array<Action<Store>>(20).fill(action))
    await Promise.all(many.map(({ run }) => runOutcome(() => run(store, data))))
    await aMoment()
    for (const operation of supplied) {
      const times = many.filter((action) => action.operation === operation).length
      assert.equal(readMeasured(registry, name)[operation]?.operations, times, operation)
    }
    assert.equal(readAllValues(registry, name).get('db_queue_depth'), 0)
  })

  checkMeasured('instrumented twice it is measured once', async (store, data, registry) => {
    assert.equal(measure(store, registry), store)
    await doAll(store, data)
    assertMeasured(registry, actions)
  })

  checkMeasured('while its registry is off it does the same and nothing is measured', async (store, data, registry) => {
    registry.enabled = false
    await doAll(store, data)
    registry.enabled = true
    assertMeasured(registry, [])
  })

  check('uninstrument leaves no trace, and nothing is measured any more', async (store, data, registry) => {
    const before = traceOf(store)
    measure(store, registry)
    assert.notDeepEqual(traceOf(store), before)
    assert.equal(uninstrument(store), true)
    assert.deepEqual(traceOf(store), before)
    assert.equal(uninstrument(store), false)
    assert.deepEqual(registry.stores.list(), [])
    const still = readMeasured(registry, name)
    await doAll(store, data)
    assert.deepEqual(readMeasured(registry, name), still)
    assert.equal(readAllValues(registry, name).get('db_queue_depth'), undefined)
  })

  checkMeasured('every metric is one of the catalogue, and nothing of the data is a label', async (store, data, registry) => {
    await doAll(store, data)
    for (const { fail } of actions) if (fail !== undefined) await runOutcome(() => fail(store, data))
    await aMoment()
    await registry.collectors.collect()
    for (const { definition, series } of registry.families()) {
      assert.equal(definition, Reflect.get(metrics, definition.name), `${definition.name} is in the catalogue`)
      const labels = [...series.values()].flatMap((one) => Object.values(one.labels))
      assert.deepEqual(
        labels.filter((label) => label.includes('suite-')),
        [],
        `labels of ${definition.name}`,
      )
    }
  })

  if (close === undefined) return
  checkMeasured('closed, its gauges are gone and its counters stay', async (store, data, registry) => {
    await doAll(store, data)
    const before = readMeasured(registry, name)
    await registry.collectors.collect()
    await close(store)
    assert.deepEqual([singleStore(registry).state(), singleStore(registry).probe()], ['closed', undefined])
    // What the engine said a moment ago counts as fresh.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await registry.collectors.collect()
    assert.deepEqual(readMeasured(registry, name), before)
    const left = registry.getAllMetrics().filter(({ type, labels }) => type === 'gauge' && labels['store'] === name)
    assert.deepEqual(left, [])
  })
}
