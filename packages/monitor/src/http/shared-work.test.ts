import { expect, test } from 'vitest'
import { SharedWork } from './shared-work.ts'

/** Work that ends when the test says so. */
function controlledWork() {
  const signals: AbortSignal[] = []
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const work = (signal: AbortSignal): Promise<string> => {
    signals.push(signal)
    return promise
  }
  return { work, signals, resolve, reject }
}

const { signal: never } = new AbortController()

test('the same work is done once for all that ask for it while it is under way', async () => {
  const shared = new SharedWork()
  const { work, signals, resolve } = controlledWork()
  const results = ['a', 'a', 'b'].map((name) => shared.run(name, never, work))
  resolve('done')
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done'])
  expect(signals).toHaveLength(2)
  await shared.run('a', never, work)
  expect(signals).toHaveLength(3)
})

test('a caller that leaves gets its own reason, and the work ends with the last of them', async () => {
  const shared = new SharedWork()
  const { work, signals } = controlledWork()
  const callers = [new AbortController(), new AbortController()]
  const results = callers.map(({ signal }) => shared.run('a', signal, work))
  callers[0]?.abort(new Error('first'))
  await expect(results[0]).rejects.toThrow('first')
  expect(signals[0]?.aborted).toBe(false)
  callers[1]?.abort(new Error('second'))
  await expect(results[1]).rejects.toThrow('second')
  expect(signals[0]?.aborted).toBe(true)
  const next = controlledWork()
  const again = shared.run('a', never, next.work)
  next.resolve('new')
  expect(await again).toBe('new')
})

test('every caller gets the error of the work, and the next one starts again', async () => {
  const shared = new SharedWork()
  const { work, signals, reject } = controlledWork()
  const results = [shared.run('a', never, work), shared.run('a', never, work)]
  reject(new Error('failed'))
  for (const result of results) await expect(result).rejects.toThrow('failed')
  await expect(shared.run('a', never, work)).rejects.toThrow('failed')
  expect(signals).toHaveLength(2)
})

test('who has left already starts no work', async () => {
  const { work, signals } = controlledWork()
  await expect(new SharedWork().run('a', AbortSignal.abort(new Error('gone')), work)).rejects.toThrow('gone')
  expect(signals).toHaveLength(0)
})
