import assert from 'node:assert/strict'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { type MetricName, operationMetrics, operations } from '../metrics/semconv.ts'
import type { MeasuredStore } from '../registry/measured-stores.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/** How a call ended. */
export interface Outcome {
  readonly failed: boolean
  /** `sync` if the call itself returned or threw; `async` if its promise did. */
  readonly timing: 'sync' | 'async'
  readonly value: unknown
}

/** Runs a call and returns how it ended. */
export async function runOutcome(call: () => unknown): Promise<Outcome> {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    return { failed: true, timing: 'sync', value: error }
  }
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function')
    return { failed: false, timing: 'sync', value: result }
  try {
    return { failed: false, timing: 'async', value: await result }
  } catch (error) {
    return { failed: true, timing: 'async', value: error }
  }
}

/**
 * Asserts that a measured call ended like the same call on a store that is not measured. If the call failed with `error`, it
 * must be the same object; an error that the engine created must be equal.
 */
export function assertSameOutcome(measured: Outcome, unmeasured: Outcome, { error }: { readonly error: Error }): void {
  const describe = ({ failed, timing }: Outcome): string => `${timing} ${failed ? 'failure' : 'result'}`
  const expected = describe(unmeasured)
  assert.equal(describe(measured), expected, `measured, the call must end as it does unmeasured: ${expected}`)
  if (unmeasured.value === error) {
    assert.equal(measured.value, error, 'measured, the call must fail with the very error of the store')
  } else {
    const message = 'measured, the call must return what it returns unmeasured'
    assert.deepEqual(toComparable(measured.value), toComparable(unmeasured.value), message)
  }
}

function toComparable(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { class: value.constructor, name: value.name, message: value.message, code: Reflect.get(value, 'code') }
}

/** Returns the only store that is measured. */
export function getOnlyStore(registry: MetricsRegistry): MeasuredStore {
  const [store, ...others] = registry.stores.list()
  assert.ok(store !== undefined && others.length === 0, 'exactly one store must be in the registry')
  return store
}

/** The metrics of a store's operations. */
const operationMetricNames: ReadonlySet<string> = new Set<MetricName>([
  ...operations.flatMap((operation) => Object.values(operationMetrics(operation))),
  'db_batch_entries_total',
  'db_scan_entries_total',
  'db_errors_total',
  'db_queue_depth',
  'db_oldest_operation_age_seconds',
  'db_open_iterators',
  'db_oldest_iterator_age_seconds',
  'db_abandoned_iterators_total',
  'db_slow_operations_total',
])

/** Returns the values of the operation metrics. The engine's own are left out: they may count what the probe does. */
function readOperationValues(registry: MetricsRegistry): unknown {
  const operationValues = registry.getAllMetrics().filter(({ name }) => operationMetricNames.has(name))
  return operationValues.map(({ name, labels, value }) => [name, labels, value])
}

/**
 * Asserts that the only store records exactly the engine metrics that its adapter lists for its engine.
 *
 * @param optional listed metrics that the store need not have recorded.
 */
export function assertEngineMetrics(
  registry: MetricsRegistry,
  { engineMetrics }: StoreAdapter,
  optional: readonly MetricName[],
): void {
  const { name: store, engine } = getOnlyStore(registry)
  const engines = Object.keys(engineMetrics)
  if (engines.length > 0 && !engines.includes(engine)) {
    const advice = 'add it, with [] if the store records no metrics of this engine'
    assert.fail(`engine() returned "${engine}", which is not in engineMetrics (${engines.join(', ')}): ${advice}`)
  }
  const listed = engineMetrics[engine] ?? []
  const recorded = [...registry.families()].flatMap(({ definition: { name }, series }) => {
    const isEngineMetric = !operationMetricNames.has(name) && name !== 'db_store_info'
    return isEngineMetric && [...series.values()].some(({ labels }) => labels['store'] === store) ? [name] : []
  })
  const unlisted = recorded.filter((name) => !listed.some((one) => one === name))
  const unrecorded = listed.filter((name) => !recorded.includes(name) && !optional.includes(name))
  const problems: string[] = []
  if (unlisted.length > 0) problems.push(`recorded but not in engineMetrics.${engine}: ${unlisted.join(', ')}; add them`)
  if (unrecorded.length > 0) {
    const advice = 'create their series in instrument(), remove them, or list them in optionalMetrics'
    problems.push(`in engineMetrics.${engine} but not recorded: ${unrecorded.join(', ')}; ${advice}`)
  }
  assert.deepEqual({ unlisted, unrecorded }, { unlisted: [], unrecorded: [] }, problems.join('\n'))
}

/**
 * Asserts that the errors were counted under the code of the thrown error, or under another one that the adapter lists, if it
 * finds a better one in the error. Passes if the call did not throw, or if the error has no code.
 */
export function assertErrorType(
  { failed, value }: Outcome,
  errorTypes: readonly string[],
  errorCodes: ReadonlySet<string>,
): void {
  const code: unknown = failed && typeof value === 'object' && value !== null ? Reflect.get(value, 'code') : undefined
  if (typeof code !== 'string') return
  if (!errorCodes.has(code) && errorTypes.length > 0 && errorTypes.every((type) => errorCodes.has(type))) return
  const message = `error_type must be the code of the error, "${code}", got "${errorTypes.join(', ')}"`
  assert.deepEqual(errorTypes, [code], `${message}: add "${code}" to the adapter's errorCodes`)
}

/**
 * Runs the store's probe as a health check does, and asserts that it works, that nothing of it is measured, and that it
 * leaves nothing behind. Passes if the store has no probe.
 */
export async function assertProbe(
  registry: MetricsRegistry,
  { newKey, newValue }: { readonly newKey: string; readonly newValue: string },
): Promise<void> {
  const store = getOnlyStore(registry)
  assert.equal(store.state(), 'open', 'state() must return "open" for a new store')
  // Some engines report only after a moment whether they can be written.
  await registry.collectors.collect()
  const probe = store.probe()
  if (probe === undefined) return
  const before = readOperationValues(registry)
  const runUnmeasured = async <Result>(step: string, run: () => Promise<Result>): Promise<Result> => {
    const advice = `${step} of the probe must not be measured: run it inside context.withoutMeasuring`
    const pending = run()
    assert.deepEqual(readOperationValues(registry), before, advice)
    const result = await pending
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(readOperationValues(registry), before, advice)
    return result
  }
  const { write, remove } = probe
  const read = (): Promise<string | undefined> => runUnmeasured('read', () => probe.read(newKey))
  assert.equal(await read(), undefined, 'read of the probe must return undefined for a key that is not there')
  assert.equal(write === undefined, remove === undefined, 'a probe with write must have remove, and the reverse')
  if (write === undefined || remove === undefined) return
  await runUnmeasured('write', () => write(newKey, newValue))
  assert.equal(await read(), newValue, 'read of the probe must return what write wrote')
  await runUnmeasured('remove', () => remove(newKey))
  assert.equal(await read(), undefined, 'read of the probe must return undefined after remove')
}
