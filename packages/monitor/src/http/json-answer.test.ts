import { MetricsRegistry } from '@wombat/instrumentation'
import { Hono } from 'hono'
import { expect, onTestFinished, test, vi } from 'vitest'
import { answerSlices, jsonAnswer, jsonList } from './json-answer.ts'

/** Numbers as JSON, and how many of them were created. */
function numbers(count: number) {
  const created = { count: 0, isEnded: false }
  function* items(): Generator<number> {
    for (; created.count < count; created.count++) yield created.count
  }
  const app = new Hono().get('/', (context) =>
    jsonAnswer(context, jsonList(items()), answerSlices(context, new MetricsRegistry()), () => {
      created.isEnded = true
    }),
  )
  return { app, created }
}

test('a small answer is sent as a whole, and a large one in parts', async () => {
  expect(await (await numbers(3).app.request('/')).json()).toEqual([0, 1, 2])
  const { app, created } = numbers(200_000)
  const response = await app.request('/')
  // What is not read yet is not created.
  expect(created.count).toBeLessThan(100_000)
  expect(await response.json()).toHaveLength(200_000)
})

test('numbers that JSON cannot express are texts', () => {
  expect([...jsonList([Number.NaN, Number.POSITIVE_INFINITY, { value: Number.NEGATIVE_INFINITY }, null])].join('')).toBe(
    '["NaN","+Inf",{"value":"-Inf"},null]',
  )
})

test('an answer is created no further when its client disconnects', async () => {
  const { app, created } = numbers(1_000_000)
  const gone = new AbortController()
  const response = await app.request('/', { signal: gone.signal })
  const reader = response.body?.getReader()
  await reader?.read()
  gone.abort()
  while ((await reader?.read())?.done === false);
  expect(created.count).toBeLessThan(900_000)
})

test('a client that is gone before the first part is no error of the server', async () => {
  let failure: unknown
  const { app } = numbers(1_000_000)
  app.onError((error, context) => {
    failure = error
    return context.text('failed', 500)
  })
  const gone = new AbortController()
  const answer = app.request('/', { signal: gone.signal })
  gone.abort()
  expect([200, 503]).toContain((await answer).status)
  expect(failure).toBeUndefined()
})

test('an answer that its client does not read for 30 s ends, and one that is read to its end or not at all has ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { app, created } = numbers(200_000)
  const reader = (await app.request('/')).body?.getReader()
  await reader?.read()
  vi.advanceTimersByTime(29_000)
  await reader?.read()
  vi.advanceTimersByTime(29_000)
  expect(created.isEnded).toBe(false)
  vi.advanceTimersByTime(1000)
  expect(created.isEnded).toBe(true)
  await expect(
    (async () => {
      while ((await reader?.read())?.done === false);
    })(),
  ).rejects.toThrow('the client does not read the answer')
  for (const method of ['GET', 'HEAD']) {
    const other = numbers(200_000)
    await (await other.app.request('/', { method })).text()
    expect(other.created.isEnded).toBe(true)
    expect(other.created.count < 200_000).toBe(method === 'HEAD')
  }
})
