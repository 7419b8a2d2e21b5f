import { afterEach, expect, test, vi } from 'vitest'
import { Collectors } from './collectors.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('collecting without callbacks resolves at once', async () => {
  expect(await new Collectors().collect()).toBeUndefined()
})

test('every callback runs, synchronous or asynchronous', async () => {
  const collectors = new Collectors()
  const called: string[] = []
  collectors.add(() => void called.push('synchronous'))
  collectors.add(async () => {
    await Promise.resolve()
    called.push('asynchronous')
  })
  await collectors.collect()
  expect(called).toEqual(['synchronous', 'asynchronous'])
})

test('concurrent collections share one run of each callback', async () => {
  const collectors = new Collectors()
  let calls = 0
  let finish = (): void => {}
  collectors.add(() => {
    calls++
    return new Promise((resolve) => {
      finish = resolve
    })
  })
  const collections = [collectors.collect(), collectors.collect(), collectors.collect()]
  finish()
  await Promise.all(collections)
  expect(calls).toBe(1)
})

test('a removed callback does not run', async () => {
  const collectors = new Collectors()
  let calls = 0
  const remove = collectors.add(() => void calls++)
  remove()
  await collectors.collect()
  expect(calls).toBe(0)
})

test('a callback that fails affects only its own metrics, and its first error is passed on', async () => {
  vi.useFakeTimers()
  let failures = 0
  const errors: unknown[] = []
  const collectors = new Collectors((first) => {
    failures++
    if (first !== undefined) errors.push(first.error)
  })
  const [thrown, rejected] = [new RangeError('/a/path'), Object.assign(new Error('/a/path'), { code: 'ENOENT' })]
  let calls = 0
  collectors.add(() => {
    throw thrown
  })
  collectors.add(() => Promise.reject(rejected))
  collectors.add(() => void calls++)
  for (let times = 0; times < 3; times++) {
    await collectors.collect()
    vi.advanceTimersByTime(1000)
  }
  expect(calls).toBe(3)
  expect(errors).toEqual([thrown, rejected])
  expect(failures).toBe(6)
})

test('a slow callback is not waited for, does not run twice at a time, and is counted in each collection', async () => {
  vi.useFakeTimers()
  let failures = 0
  const collectors = new Collectors(() => failures++)
  let [slow, quick] = [0, 0]
  let finish = (): void => {}
  collectors.add(() => {
    slow++
    return new Promise((resolve) => {
      finish = resolve
    })
  })
  collectors.add(() => void quick++)
  for (let times = 0; times < 3; times++) {
    const collected = collectors.collect()
    await vi.advanceTimersByTimeAsync(2000)
    await collected
  }
  expect([slow, quick]).toEqual([1, 3])
  expect(failures).toBe(3)
  finish()
  await vi.advanceTimersByTimeAsync(2000)
  const collected = collectors.collect()
  await vi.advanceTimersByTimeAsync(2000)
  await collected
  expect(slow).toBe(2)
})
