import assert from 'node:assert/strict'
import type { MeasuredStore } from '../registry/measured-stores.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/** The one store that is measured. */
export function singleStore(registry: MetricsRegistry): MeasuredStore {
  const [store, ...others] = registry.stores.list()
  assert.ok(store !== undefined && others.length === 0, 'the registry knows the store that is measured')
  return store
}

/** Every number there is, but for what engines say of themselves: they may count what is done to them by whomever. */
function readCounts(registry: MetricsRegistry): unknown {
  const own = registry.getAllMetrics().filter(({ name }) => /_(operations|errors|entries)_total$|_latency_|queue|age/.test(name))
  return own.map(({ name, labels, value }) => [name, labels, value])
}

/**
 * Tries the store out as whoever watches over it does: what its adapter can do works and leaves nothing behind, and nothing of
 * it is measured, neither when it begins nor later. Where the store cannot be tried out there is nothing to be shown.
 */
export async function assertProbeUnseen(
  registry: MetricsRegistry,
  { newKey, newValue }: { readonly newKey: string; readonly newValue: string },
): Promise<void> {
  const store = singleStore(registry)
  assert.equal(store.state(), 'open')
  // It may take an engine a moment to say whether it can be written.
  await registry.collectors.collect()
  const probe = store.probe()
  if (probe === undefined) return
  const before = readCounts(registry)
  const unseen = async <Result>(does: string, step: () => Promise<Result>): Promise<Result> => {
    const pending = step()
    assert.deepEqual(readCounts(registry), before, `that it begins to ${does} is not seen`)
    const result = await pending
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(readCounts(registry), before, `that it did ${does} is not seen`)
    return result
  }
  const { write, remove } = probe
  const read = (): Promise<string | undefined> => unseen('read', () => probe.read(newKey))
  assert.equal(await read(), undefined, 'a key that is not there is undefined')
  assert.equal(write === undefined, remove === undefined, 'who can write can remove what was written')
  if (write === undefined || remove === undefined) return
  await unseen('write', () => write(newKey, newValue))
  assert.equal(await read(), newValue, 'what was written is read back')
  await unseen('remove', () => remove(newKey))
  assert.equal(await read(), undefined, 'what was removed is gone')
}
