import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import type { Monitoring } from '@wombat/monitor'
import { damagedKey } from '@wombat/test-support/damaged-store'
import { ClassicLevel } from 'classic-level'
import Keyv from 'keyv'
import { open as openLmdb } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import type { Task } from './application-process.ts'

/** Throws an error whose message, cause, code and name contain secrets. */
function failing({ secrets }: Task): never {
  const { key, value, errorMessage, errorCode } = secrets
  const cause = Object.assign(new Error(`cannot read ${key}`), { code: errorCode })
  throw Object.assign(new Error(`${errorMessage}: ${key}=${value}`, { cause }), { code: errorCode, name: errorCode })
}

/** Uses stores of every kind, with success and with errors. Returns a function that closes them. */
export async function useStores(monitoring: Monitoring, task: Task): Promise<() => Promise<void>> {
  const { secrets, control, folder } = task
  const place = (name: string): string => join(folder, secrets.folder, name)
  mkdirSync(place(''), { recursive: true })
  const { key, value } = secrets
  const spanned = <Result>(run: () => Promise<Result>) =>
    trace.getTracer('application').startActiveSpan(control, (span) => run().finally(() => span.end()))
  const instrument = <Store extends object>(store: Store): Store => monitoring.instrument(store, { name: control })

  const level = instrument(new ClassicLevel(place('level')))
  const lmdb = instrument(openLmdb({ path: place('lmdb') }))
  const keyv = instrument(new Keyv({ namespace: secrets.namespace }))
  const map = instrument(new Map<string, string>())
  const unnamed = monitoring.instrument(new MemoryLevel())
  await spanned(async () => {
    await level.put(key, value)
    await level.get(key)
    await level.batch([
      { type: 'put', key: `${key}1`, value },
      { type: 'del', key },
    ])
    const sublevel = level.sublevel(secrets.sublevel)
    await sublevel.sublevel(secrets.namespace).put(key, value)
    for await (const _ of sublevel.iterator({ gte: key }));
    const named = lmdb.openDB<string, string>(secrets.sublevel, {})
    await named.put(key, value)
    named.get(key)
    for (const _ of named.getRange({ start: key }));
    await keyv.set(key, value)
    await keyv.get(key)
    map.set(key, value)
    map.get(key)
    await unnamed.put(key, value)
  })
  await spanned(async () => {
    await Promise.all(failures(task, place, instrument, lmdb).map((failure) => failure().catch(() => {})))
  })
  // Its folder is deleted while it is open, so health checks fail.
  const gone = instrument(new ClassicLevel(place('gone')))
  await gone.put(key, value)
  rmSync(place('gone'), { recursive: true })
  await gone.put(key, value).catch(() => {})
  // Every timer has an interval of at most 200 ms: each of them fires several times.
  await sleep(1200)
  return async () => {
    await Promise.all([level.close(), lmdb.close(), gone.close().catch(() => {})])
  }
}

/** Returns operations and openings that fail with errors that contain secrets. */
function failures(
  task: Task,
  place: (name: string) => string,
  instrument: <Store extends object>(store: Store) => Store,
  lmdb: { put(key: string, value: string): Promise<boolean> },
): Array<() => Promise<unknown>> {
  const { key, value } = task.secrets
  const fail = () => failing(task)
  writeFileSync(place('file'), value)
  const damaged = instrument(new ClassicLevel(place('damaged')))
  const unopened = instrument(new ClassicLevel(place('file/level')))
  const missing = instrument(new ClassicLevel(place('missing'), { createIfMissing: false }))
  const memory = instrument(Object.assign(new MemoryLevel(), { _get: async () => fail(), _put: fail }))
  const backend = { get: async () => fail(), set: fail, delete: fail, clear: fail, has: fail }
  const keyv = instrument(new Keyv({ store: backend as never, namespace: task.secrets.namespace, throwOnErrors: true }))
  keyv.on('error', () => {})
  const map = instrument(Object.assign(new Map<string, string>(), { get: fail }))
  return [
    () => damaged.get(damagedKey(0)).finally(() => damaged.close()),
    () => unopened.open(),
    () => unopened.get(key),
    () => missing.open(),
    () => memory.get(key),
    () => memory.put(key, value),
    () => keyv.get(key),
    () => keyv.set(key, value),
    async () => map.get(key),
    async () => await lmdb.put(`${key}${'x'.repeat(5000)}`, value),
  ]
}
