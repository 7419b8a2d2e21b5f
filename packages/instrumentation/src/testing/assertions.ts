import assert from 'node:assert/strict'
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

/** Returns all values but the engine's own, which may count what the probe does. */
function readOperationValues(registry: MetricsRegistry): unknown {
  const own = registry.getAllMetrics().filter(({ name }) => /_(operations|errors|entries)_total$|_latency_|queue|age/.test(name))
  return own.map(({ name, labels, value }) => [name, labels, value])
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
