// Random operations on a RocksDB and on a measured one. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=100000 npx vitest run test/rocksdb/differential.test.ts
import { instrument } from '@wombat/instrumentation'
import { type Choices, compareWithBare, type Step } from '@wombat/test-support/differential'
import { createDatabase } from '@wombat/test-support/measured-rocksdb'
import { type EntryStream, isRocksdbInstalled, rocksdbTitle, type Session } from '@wombat/test-support/rocksdb'
import { describe, expect, test } from 'vitest'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 1200)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

/** A database with its parts, and the snapshots that are open. */
interface State {
  readonly db: Session
  readonly parts: readonly Session[]
  readonly snapshots: Session[]
}

/** Entries as the stream delivers them; with `most`, the stream is destroyed after as many. */
async function read(stream: EntryStream, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const got: string[] = []
  for await (const { key, value } of stream) {
    got.push(`${key}=${value}`)
    if (got.length >= most) break
  }
  return got
}

function createSteps({ below, pick }: Choices): ReadonlyArray<Step<State>> {
  const key = (): string => `k${String(below(40)).padStart(2, '0')}`
  const value = (): string => 'v'.repeat(below(30)) + below(1000)
  const part = below(3)
  const of = ({ parts }: State): Session => parts[part] as Session
  const [oneKey, otherKey, oneValue] = [key(), key(), value()]
  const keys = Array.from({ length: 1 + below(4) }, key)
  const range = pick([{}, { gte: oneKey }, { lt: oneKey, reverse: true }, { limit: 1 + below(6) }])
  const writes = Array.from({ length: 1 + below(5) }, () => ({ key: key(), value: below(3) === 0 ? undefined : value() }))
  const snapshot = below(3)

  const all: ReadonlyArray<Step<State>> = [
    { name: 'get', run: async (state) => String(await of(state).get(oneKey)), counts: { get: 1 } },
    { name: 'put', run: (state) => of(state).put(oneKey, oneValue), counts: { set: 1 } },
    { name: 'put', run: (state) => of(state).put(otherKey, oneValue), counts: { set: 1 } },
    { name: 'delete', run: (state) => of(state).delete(oneKey), counts: { delete: 1 } },
    { name: 'deleteRange', run: (state) => of(state).deleteRange(oneKey, `${oneKey}5`), counts: { clear: 1 } },
    {
      name: 'a flushed read',
      run: async (state) => {
        const batch = of(state).read()
        const values = keys.map((each) => batch.get(each))
        await batch.flush()
        batch.destroy()
        return (await Promise.all(values)).map(String)
      },
      counts: { get_many: 1 },
    },
    {
      name: 'a flushed write',
      run: async (state) => {
        const batch = of(state).write()
        for (const write of writes) write.value === undefined ? batch.tryDelete(write.key) : batch.tryPut(write.key, write.value)
        await batch.flush()
        batch.destroy()
      },
      counts: { batch: { entries: writes.length } },
    },
    {
      name: 'a destroyed write',
      run: (state) => {
        const batch = of(state).write()
        batch.tryPut(oneKey, oneValue)
        batch.destroy()
      },
      counts: {},
    },
    {
      name: 'all entries',
      run: (state) => read(of(state).iterator(range)),
      counts: (outcome) => ({ scan: { entries: 'value' in outcome ? (outcome.value as []).length : 0 } }),
    },
    {
      name: 'peek',
      run: async (state) => String((await of(state).peek(range))?.key),
      counts: (outcome) => ({ scan: { entries: 'value' in outcome && outcome.value !== 'undefined' ? 1 : 0 } }),
    },
    {
      name: 'a snapshot',
      run: async (state) => {
        state.snapshots.push(state.db.snapshot())
        if (state.snapshots.length > 3) await state.snapshots.shift()?.close()
      },
      counts: {},
    },
    {
      name: 'get from a snapshot',
      run: async (state) => String(await (state.snapshots[snapshot] ?? state.db).get(oneKey)),
      counts: { get: 1 },
    },
    {
      name: 'get from a closed session',
      run: async (state) => {
        const session = state.db.session()
        await session.get(oneKey)
        await session.close()
        return session.get(oneKey)
      },
      counts: { get: { operations: 2, errors: 1 } },
    },
  ]
  return [pick(all)]
}

describe.skipIf(!isRocksdbInstalled)(rocksdbTitle('a measured RocksDB'), () => {
  test.each(seeds)(
    'does what it does unmeasured, and every operation is counted (seed %i)',
    async (seed) => {
      const result = await compareWithBare<State>(
        {
          async open(registry) {
            const db = await createDatabase({ columnFamilies: ['other'] })
            if (registry !== undefined) instrument(db, { name: 'measured', registry })
            await db.ready()
            return { db, parts: [db, db.columnFamily('other'), db.session()], snapshots: [] }
          },
          next: createSteps,
          async finish({ db, parts, snapshots }) {
            const content = [await read(db.iterator()), await read((parts[1] as Session).iterator())]
            for (const session of [...snapshots, ...parts.slice(1)]) await session.close()
            await db.close()
            return content
          },
        },
        { seed, steps },
      )
      expect(result.differences).toEqual([])
      expect(result.operations).toBeGreaterThan(steps / 2)
    },
    600_000,
  )
})
