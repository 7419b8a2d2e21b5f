import assert from 'node:assert/strict'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { instrument, storeAdapters, uninstrument } from '../instrument.ts'
import { type MetricName, metrics, type Operation, operations } from '../metrics/semconv.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import {
  assertEngineMetrics,
  assertErrorType,
  assertProbe,
  assertSameOutcome,
  getOnlyStore,
  type Outcome,
  runOutcome,
} from './assertions.ts'
import { type Measured, readMeasured, readValues } from './read-measured.ts'

/** The data that the actions work with. The suite checks that nothing of it becomes a label. */
export interface TestData {
  /** Keys and values that are in the store from the start. */
  readonly entries: ReadonlyArray<readonly [key: string, value: string]>
  /** A key that is not in the store, and a value for it. */
  readonly newKey: string
  readonly newValue: string
  /** A key for which the engine under the store should fail with `error`, if you can make it fail. */
  readonly poisonedKey: string
  readonly error: Error
}

/** One way to perform one operation. */
export interface Action<Store extends object> {
  /** What is done, in the store's own words, for example `put`: part of the test's name. */
  readonly does: string
  /** The operation that must be counted. */
  readonly operation: Operation
  /** How many entries a batch or a scan moves. */
  readonly entries?: number
  /** Performs the operation once. The result, or what its promise resolves to, must be the same measured and unmeasured. */
  readonly run: (store: Store, data: TestData) => unknown
  /** Performs the operation so that it fails, if that is possible: with the poisoned key, a key the store rejects, a full disk. */
  readonly fail?: (store: Store, data: TestData) => unknown
}

/** A kind of store, and how to use it. */
export interface StoreKind<Store extends object> {
  /** The beginning of each test's name. */
  readonly kind: string
  /** The test function of `node:test`, vitest or any other runner. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** Creates an open store that holds `data.entries` and nothing else. */
  readonly create: (data: TestData) => Store | Promise<Store>
  /** Closes the store, also if it is closed already. Omit it if the store cannot be closed. */
  readonly close?: (store: Store) => unknown
  /** At least one action for each operation in the adapter's `operations`. Some tests perform all of them in this order. */
  readonly actions: ReadonlyArray<Action<Store>>
  /** An adapter of your own (default: the built-in adapter that matches the store). */
  readonly adapter?: StoreAdapter
  /** Some of the adapter's `optionalOperations`, for which this store has no method (default: none). They need no action. */
  readonly missingOperations?: readonly Operation[]
  /** Engine metrics that exist only after an event which no action causes, for example a write stall (default: none). */
  readonly optionalMetrics?: readonly MetricName[]
}

const name = 'the store'

/** Data that cannot be confused with anything else, so that a label with a key, a value or a message is recognized. */
function createTestData(): TestData {
  const entries = ['first', 'second', 'third'].map((which) => [`suite-key-${which}`, `suite-value-${which}`] as const)
  const poisonedKey = 'suite-key-poisoned'
  const error = new Error(`suite-error on ${poisonedKey}`)
  return { entries, newKey: 'suite-key-new', newValue: 'suite-value-new', poisonedKey, error }
}

/** Returns everything that can be called on the store, own or inherited, and its own property names. */
function snapshotStore(store: object): { own: PropertyKey[]; methods: Map<PropertyKey, unknown>; prototype: object | null } {
  const methods = new Map<PropertyKey, unknown>()
  for (let level: object | null = store; level !== null && level !== Object.prototype; level = Reflect.getPrototypeOf(level)) {
    for (const key of Reflect.ownKeys(level)) {
      const value: unknown = Object.getOwnPropertyDescriptor(level, key)?.value
      if (typeof value === 'function' && !methods.has(key)) methods.set(key, value)
    }
  }
  return { own: Reflect.ownKeys(store), methods, prototype: Reflect.getPrototypeOf(store) }
}

type StoreSnapshot = ReturnType<typeof snapshotStore>

/** Returns the names of properties and methods that differ. */
function changedNames(before: StoreSnapshot, after: StoreSnapshot): string[] {
  const own = [...before.own, ...after.own].filter((key) => !before.own.includes(key) || !after.own.includes(key))
  const methods = [...new Set([...before.methods.keys(), ...after.methods.keys()])]
  const changed = methods.filter((key) => before.methods.get(key) !== after.methods.get(key))
  const prototype = before.prototype === after.prototype ? [] : ['prototype']
  return [...new Set([...own, ...changed].map(String)), ...prototype]
}

/** A promise that is observed settles for the adapter one turn after it settled for its caller. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Defines the tests that every adapter must pass, in your test runner. Pass how to create a store and one action for each
 * of its operations. Each failure names what is missing and what to do.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { storeSuite } from '@wombat/instrumentation/testing'
 *
 * storeSuite<Map<string, string>>({
 *   kind: 'Map',
 *   test,
 *   create: ({ entries }) => new Map(entries),
 *   actions: [
 *     { does: 'get', operation: 'get', run: (map, { newKey }) => map.get(newKey) },
 *     { does: 'has', operation: 'has', run: (map, { newKey }) => map.has(newKey) },
 *     { does: 'set', operation: 'set', run: (map, { newKey, newValue }) => map.set(newKey, newValue).size },
 *     { does: 'delete', operation: 'delete', run: (map, { newKey }) => map.delete(newKey) },
 *     { does: 'clear', operation: 'clear', run: (map) => map.clear() },
 *   ],
 * })
 * ```
 */
export function storeSuite<Store extends object>({
  kind,
  test,
  create,
  close,
  actions,
  adapter,
  optionalMetrics = [],
  missingOperations = [],
}: StoreKind<Store>): void {
  type Actions = ReadonlyArray<Action<Store>>
  const testedOperations = operations.filter((operation) => actions.some((action) => action.operation === operation))

  const measure = (store: Store, registry: MetricsRegistry): Store =>
    instrument(store, { name, registry, ...(adapter !== undefined && { adapter }) })

  const check = (title: string, run: (store: Store, data: TestData, registry: MetricsRegistry) => Promise<void>): void => {
    test(`${kind}: ${title}`, async () => {
      const data = createTestData()
      const store = await create(data)
      try {
        await run(store, data, new MetricsRegistry())
      } finally {
        await close?.(store)
      }
    })
  }

  const checkMeasured: typeof check = (title, run) =>
    check(title, (store, data, registry) => run(measure(store, registry), data, registry))

  const runUnmeasured = async (call: (store: Store) => unknown, data: TestData): Promise<Outcome> => {
    const store = await create(data)
    const outcome = await runOutcome(() => call(store))
    await close?.(store)
    return outcome
  }

  const runAll = async (store: Store, data: TestData): Promise<void> => {
    for (const { does, run } of actions) {
      assert.equal((await runOutcome(() => run(store, data))).failed, false, `the action "${does}" must succeed`)
    }
    await nextTurn()
  }

  const findAdapter = (registry: MetricsRegistry): StoreAdapter => {
    const found = adapter ?? storeAdapters.find((one) => one.name === getOnlyStore(registry).adapter)
    assert.ok(found !== undefined, 'the adapter of the store must be known')
    return found
  }

  const assertOperationsTested = (
    measured: Partial<Record<Operation, Measured>>,
    { optionalOperations = [] }: StoreAdapter,
  ): void => {
    for (const operation of operations) {
      if (measured[operation] !== undefined && !testedOperations.includes(operation)) {
        const isMissing = missingOperations.includes(operation) && optionalOperations.includes(operation)
        if (isMissing && measured[operation].operations === 0) continue
        assert.fail(`no action performs ${operation}: add one to actions, or remove it from the adapter's operations`)
      }
      if (measured[operation] === undefined && testedOperations.includes(operation)) {
        assert.fail(`${operation} is not measured: add it to the adapter's operations, or remove its actions`)
      }
    }
  }

  /** Asserts that exactly these actions were measured, and that nothing is in flight. */
  const assertMeasured = (registry: MetricsRegistry, succeeded: Actions, failed: Actions = []): void => {
    const measured = readMeasured(registry, name)
    assertOperationsTested(measured, findAdapter(registry))
    for (const operation of testedOperations) {
      const select = (all: Actions): Actions => all.filter((action) => action.operation === operation)
      const entries = select(succeeded).reduce((sum, action) => sum + (action.entries ?? 0), 0)
      const counts = { operations: select(succeeded).length + select(failed).length, errors: select(failed).length }
      const expected = operation === 'batch' || operation === 'scan' ? { ...counts, entries } : counts
      const advice = `wrap each method that performs ${operation} exactly once`
      assert.deepEqual(
        measured[operation],
        expected,
        `${operation} must be measured as ${JSON.stringify(expected)}, got ${JSON.stringify(measured[operation])}: ${advice}`,
      )
    }
    assertNothingInFlight(registry)
  }

  const assertNothingInFlight = (registry: MetricsRegistry): void => {
    const values = readValues(registry, name)
    const state = getOnlyStore(registry).state()
    for (const gauge of ['db_queue_depth', 'db_oldest_operation_age_seconds'] as const) {
      const value = values.get(gauge)
      if (value === 0) continue
      const advice =
        value === undefined
          ? `state() of the binding must return "open" while the store is open, got "${state}"`
          : 'settle every pending operation with succeeded() or failed()'
      assert.fail(`${gauge} must be 0 after all operations, got ${value}: ${advice}`)
    }
  }

  check('instrument returns the same store', async (store, _data, registry) => {
    assert.equal(measure(store, registry), store)
  })

  checkMeasured('its operations start at 0, no others exist, and db_store_info describes it', async (_store, _data, registry) => {
    assertMeasured(registry, [])
    const infos = registry.getAllMetrics().filter((metric) => metric.name === 'db_store_info')
    assert.deepEqual(
      infos.map(({ labels: { engine, adapter: by }, value }) => [value, engine !== undefined, by !== undefined]),
      [[1, true, true]],
      'db_store_info must be 1, with the labels engine and adapter',
    )
  })

  for (const { does, operation, run, fail, entries = 0 } of actions) {
    checkMeasured(`${does} counts as one ${operation}, and returns what it returns unmeasured`, async (store, data, registry) => {
      const outcome = await runOutcome(() => run(store, data))
      await nextTurn()
      assert.equal(outcome.failed, false, `the action "${does}" must succeed`)
      assertMeasured(registry, [{ does, operation, run, entries }])
      assertSameOutcome(outcome, await runUnmeasured((plain) => run(plain, data), data), data)
    })

    if (fail === undefined) continue
    checkMeasured(
      `${does} that fails counts as one ${operation} and one error, and throws the store's own error`,
      async (store, data, registry) => {
        const outcome = await runOutcome(() => fail(store, data))
        await nextTurn()
        assertMeasured(registry, [], [{ does, operation, run }])
        const errors = registry.getAllMetrics().filter((metric) => metric.name === 'db_errors_total')
        assert.deepEqual(
          errors.map(({ labels, value }) => [labels['operation'], value]),
          [[operation, 1]],
          `db_errors_total must be 1 for ${operation}, and have no other series`,
        )
        const errorTypes = errors.map(({ labels }) => labels['error_type'] ?? '')
        assertErrorType(outcome, errorTypes, findAdapter(registry).errorCodes)
        assertSameOutcome(outcome, await runUnmeasured((plain) => fail(plain, data), data), data)
      },
    )
  }

  checkMeasured('its probe works, is not measured, and leaves nothing behind', async (_store, data, registry) => {
    await assertProbe(registry, data)
    assertMeasured(registry, [])
  })

  checkMeasured('concurrent operations are all measured', async (store, data, registry) => {
    const many = actions.flatMap((action) => new Array<Action<Store>>(20).fill(action))
    await Promise.all(many.map(({ run }) => runOutcome(() => run(store, data))))
    await nextTurn()
    for (const operation of testedOperations) {
      const expected = many.filter((action) => action.operation === operation).length
      const got = readMeasured(registry, name)[operation]?.operations
      assert.equal(got, expected, `${expected} concurrent operations ${operation} must be counted, got ${got}`)
    }
    assertNothingInFlight(registry)
  })

  checkMeasured('a store that is instrumented twice is measured once', async (store, data, registry) => {
    assert.equal(measure(store, registry), store)
    await runAll(store, data)
    assertMeasured(registry, actions)
  })

  checkMeasured('with a disabled registry the store works the same and nothing is measured', async (store, data, registry) => {
    registry.enabled = false
    await runAll(store, data)
    registry.enabled = true
    assertMeasured(registry, [])
  })

  check('uninstrument restores the store and stops measuring', async (store, data, registry) => {
    const before = snapshotStore(store)
    measure(store, registry)
    assert.notDeepEqual(changedNames(before, snapshotStore(store)), [], 'instrument must mark the store')
    assert.equal(uninstrument(store), true)
    const advice = 'detach() of the binding must restore the store as it was before'
    const changed = changedNames(before, snapshotStore(store))
    assert.deepEqual(changed, [], `${advice}, still changed: ${changed.join(', ')}`)
    assert.equal(uninstrument(store), false)
    assert.deepEqual(registry.stores.list(), [])
    const measured = readMeasured(registry, name)
    await runAll(store, data)
    assert.deepEqual(readMeasured(registry, name), measured, `nothing may be measured after uninstrument: ${advice}`)
    assert.equal(readValues(registry, name).get('db_queue_depth'), undefined, 'gauges must disappear after uninstrument')
  })

  checkMeasured('every metric is in the catalog, and no label contains data', async (store, data, registry) => {
    await runAll(store, data)
    for (const { fail } of actions) if (fail !== undefined) await runOutcome(() => fail(store, data))
    await nextTurn()
    await registry.collectors.collect()
    for (const { definition, series } of registry.families()) {
      assert.equal(definition, Reflect.get(metrics, definition.name), `${definition.name} must be a metric of the catalog`)
      const labels = [...series.values()].flatMap((one) => Object.values(one.labels))
      const leaks = labels.filter((label) => label.includes('suite-'))
      assert.deepEqual(leaks, [], `labels of ${definition.name} must not contain keys, values or messages`)
    }
  })

  checkMeasured("its engine metrics are those in the adapter's engineMetrics", async (store, data, registry) => {
    await runAll(store, data)
    await registry.collectors.collectNow()
    assertEngineMetrics(registry, findAdapter(registry), optionalMetrics)
  })

  if (close === undefined) return
  checkMeasured('a closed store has no gauges and keeps its counters', async (store, data, registry) => {
    await runAll(store, data)
    const before = readMeasured(registry, name)
    await registry.collectors.collect()
    await close(store)
    const { state, probe } = { state: getOnlyStore(registry).state(), probe: getOnlyStore(registry).probe() }
    assert.equal(state, 'closed', `state() of the binding must return "closed" after close, got "${state}"`)
    assert.equal(probe, undefined)
    await registry.collectors.collectNow()
    assert.deepEqual(readMeasured(registry, name), before, 'counters must keep their values after close')
    const gauges = registry.getAllMetrics().filter(({ type, labels }) => type === 'gauge' && labels['store'] === name)
    const left = gauges.map((gauge) => gauge.name)
    assert.deepEqual(left, [], 'gauges must disappear after close: export them with context.observeGauge')
  })
}
