import { pbkdf2, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { AlertRule } from '@wombat/monitor'
import type { Stores } from './stores.ts'

const hash = promisify(pbkdf2)

/** Something that happens to a service now and then, and that its charts show. */
export interface Moment {
  readonly title: string
  /** The store that it happens to; left out if it happens to the whole process. */
  readonly store?: string
  run(stores: Stores, signal: AbortSignal): Promise<void>
}

/** Writes as fast as LevelDB accepts, until it stops writers: level 0 has too many tables. */
async function importOrders({ orders }: Stores, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + 8000
  const write = async (): Promise<void> => {
    while (!signal.aborted && performance.now() < endMs) {
      const value = randomBytes(8000).toString('hex')
      const operations = Array.from({ length: 25 }, (_, index) => {
        return {
          type: 'put' as const,
          key: `import:${String(Math.floor(Math.random() * 40) + index * 40).padStart(6, '0')}`,
          value,
        }
      })
      await orders.batch(operations)
    }
  }
  await Promise.all(Array.from({ length: 4 }, write))
}

/** Keeps every thread of libuv's pool busy: the operations of LevelDB wait for one. */
async function hashPasswords(_stores: Stores, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + 6000
  const work = async (): Promise<void> => {
    while (!signal.aborted && performance.now() < endMs) await hash('password', 'salt', 150_000, 64, 'sha512')
  }
  await Promise.all(Array.from({ length: 8 }, work))
}

/** Blocks the event loop a few times: whatever waits for an answer waits longer. */
async function renderReports(_stores: Stores, signal: AbortSignal): Promise<void> {
  for (let report = 0; report < 4 && !signal.aborted; report++) {
    const endMs = performance.now() + 350
    while (performance.now() < endMs) JSON.stringify(Array.from({ length: 1000 }, (_, index) => ({ index })))
    await sleep(500)
  }
}

/** What happens in turn, about every half minute. */
export const moments: readonly Moment[] = [
  { title: 'Demo: an import writes faster than LevelDB can compact', store: 'orders', run: importOrders },
  { title: 'Demo: reports are rendered and block the event loop', run: renderReports },
  { title: 'Demo: passwords are hashed on the thread pool', run: hashPasswords },
]

/** An alert that fires during the import and resolves after it. */
export const importAlert: AlertRule = {
  name: 'OrdersStalled',
  condition: 'rate_above',
  metric: 'db_write_stall_seconds_total',
  where: { store: 'orders' },
  windowMs: 30_000,
  threshold: 0.02,
  by: ['store'],
  severity: 'warning',
  annotations: { summary: 'LevelDB makes writers of {{ labels.store }} wait for {{ value | percent }} of the time.' },
}

/** Runs the moments in turn until the signal is aborted. Calls `onBegin` before each, and what it returns after it. */
export async function runMoments(stores: Stores, signal: AbortSignal, onBegin: (moment: Moment) => () => void): Promise<void> {
  const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => {})
  await pause(10_000)
  for (let count = 0; !signal.aborted; count++) {
    const moment = moments[count % moments.length] as Moment
    const onEnd = onBegin(moment)
    await moment.run(stores, signal)
    onEnd()
    await pause(25_000)
  }
}
