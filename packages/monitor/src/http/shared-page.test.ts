import { setImmediate as nextIteration } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type DropReason, SharedPage } from './shared-page.ts'

/** A page of numbered parts. */
function createPage({ parts = 100, bytes = 10 }: { parts?: number; bytes?: number } = {}) {
  let created = 0
  let isEnded = false
  const dropped: DropReason[] = []
  let open = 0
  async function* createParts(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      while (created < parts) {
        await nextIteration()
        signal.throwIfAborted()
        yield new Uint8Array(bytes).fill(++created)
      }
    } finally {
      isEnded = true
    }
  }
  const page = new SharedPage(createParts, (reason) => dropped.push(reason))
  const join = () => {
    open++
    return page.join(() => {
      open--
    })
  }
  return { page, join, dropped, created: () => created, isEnded: () => isEnded, open: () => open }
}

async function readAll(reader: { next(): Promise<Uint8Array | undefined> }): Promise<number[]> {
  const read: number[] = []
  for (let part = await reader.next(); part !== undefined; part = await reader.next()) read.push(part[0] as number)
  return read
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

test('clients at the same time get the same parts, which are created once', async () => {
  const { join, created, open, dropped } = createPage({ parts: 20 })
  const readers = [join(), join()]
  const late = (async () => {
    await nextIteration()
    return readAll(join())
  })()
  expect(await Promise.all([...readers.map(readAll), late])).toEqual([numbers(20), numbers(20), numbers(20)])
  expect([created(), open(), dropped]).toEqual([20, 0, []])
})

test('nothing is created that no client takes', async () => {
  const { join, created } = createPage()
  const reader = join()
  await reader.next()
  for (let turn = 0; turn < 10; turn++) await nextIteration()
  expect(created()).toBe(1)
  reader.close()
})

test('the work ends with the last client, whether it has all or is gone', async () => {
  const { page, join, isEnded, dropped, open, created } = createPage()
  const [one, other] = [join(), join()]
  await one.next()
  one.close('gone')
  expect(isEnded()).toBe(false)
  await other.next()
  other.close('gone')
  await expect.poll(isEnded).toBe(true)
  expect([open(), dropped, page.isJoinable]).toEqual([0, ['gone', 'gone'], false])
  expect(created()).toBe(1)
})

test('a client that is gone while a part is created ends the work, and waits no longer', async () => {
  const { join, isEnded, created } = createPage()
  const reader = join()
  const next = reader.next()
  reader.close('gone')
  await expect(next).rejects.toThrow('aborted')
  await expect.poll(isEnded).toBe(true)
  expect(created()).toBe(0)
})

test('a slow client delays no other one, and gets the whole page if that takes little memory', async () => {
  const { join, dropped } = createPage({ parts: 50 })
  const [slow, fast] = [join(), join()]
  await slow.next()
  expect(await readAll(fast)).toEqual(numbers(50))
  expect(await readAll(slow)).toEqual(numbers(50).slice(1))
  expect(dropped).toEqual([])
})

test('a client that is 16 MiB behind another one is dropped', async () => {
  const { join, dropped, open } = createPage({ parts: 40, bytes: 2 ** 20 })
  const [slow, fast] = [join(), join()]
  const errors: string[] = []
  slow.onDropped(({ message }) => errors.push(message))
  await slow.next()
  expect(await readAll(fast)).toEqual(numbers(40))
  expect([dropped, errors, open()]).toEqual([['slow'], ['the client does not read the page'], 0])
})

test('a client that takes nothing for 30 s is dropped', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { join, dropped, isEnded, open } = createPage()
  const reader = join()
  await reader.next()
  vi.advanceTimersByTime(29_000)
  await reader.next()
  vi.advanceTimersByTime(29_000)
  expect(dropped).toEqual([])
  vi.advanceTimersByTime(1000)
  expect([dropped, open()]).toEqual([['slow'], 0])
  await expect.poll(isEnded).toBe(true)
})

test('a page may get more clients for a second only, and not when it is complete', async () => {
  const { page, join } = createPage({ parts: 2 })
  expect(page.isJoinable).toBe(true)
  await readAll(join())
  expect(page.isJoinable).toBe(false)
})

test('an error reaches every client', async () => {
  async function* createParts(): AsyncGenerator<Uint8Array> {
    await nextIteration()
    throw new Error('no metrics')
    // biome-ignore lint/correctness/noUnreachable: a generator of parts has one
    yield new Uint8Array()
  }
  const page = new SharedPage(createParts, () => {})
  const readers = [page.join(() => {}), page.join(() => {})]
  const results = await Promise.allSettled(readers.map((reader) => reader.next()))
  expect(results.map((result) => result.status === 'rejected' && result.reason.message)).toEqual(['no metrics', 'no metrics'])
})
