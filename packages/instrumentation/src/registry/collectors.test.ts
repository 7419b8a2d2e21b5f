import { DiagLogLevel, diag } from '@opentelemetry/api'
import { afterEach, expect, test, vi } from 'vitest'
import { Collectors } from './collectors.ts'

afterEach(() => {
  vi.useRealTimers()
  diag.disable()
})

test('without sources there is nothing to wait for', async () => {
  expect(await new Collectors().collect()).toBeUndefined()
})

test('every source is asked, whether it answers at once or by a promise', async () => {
  const sources = new Collectors()
  const asked: string[] = []
  sources.add(() => void asked.push('at once'))
  sources.add(async () => {
    await Promise.resolve()
    asked.push('by a promise')
  })
  await sources.collect()
  expect(asked).toEqual(['at once', 'by a promise'])
})

test('those who ask at the same time wait for one answer', async () => {
  const sources = new Collectors()
  let asked = 0
  let answer = (): void => {}
  sources.add(() => {
    asked++
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  const refreshes = [sources.collect(), sources.collect(), sources.collect()]
  answer()
  await Promise.all(refreshes)
  expect(asked).toBe(1)
})

test('a source that was taken away is asked no more', async () => {
  const sources = new Collectors()
  let asked = 0
  const remove = sources.add(() => void asked++)
  remove()
  await sources.collect()
  expect(asked).toBe(0)
})

test('a source that fails costs its own numbers only, and is logged once, without its message', async () => {
  const warnings: unknown[] = []
  const ignore = (): void => {}
  const logger = {
    warn: (...said: unknown[]) => warnings.push(said[1]),
    error: ignore,
    info: ignore,
    debug: ignore,
    verbose: ignore,
  }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN })
  vi.useFakeTimers()
  let failures = 0
  const sources = new Collectors(() => failures++)
  const [thrown, rejected] = [new RangeError('/a/path'), Object.assign(new Error('/a/path'), { code: 'ENOENT' })]
  let asked = 0
  sources.add(() => {
    throw thrown
  })
  sources.add(() => Promise.reject(rejected))
  sources.add(() => void asked++)
  for (let times = 0; times < 3; times++) {
    await sources.collect()
    vi.advanceTimersByTime(1000)
  }
  expect(asked).toBe(3)
  expect(warnings).toEqual(['RangeError', 'ENOENT'])
  expect(failures).toBe(6)
})

test('a source that takes too long is not waited for, not asked again while it is at it, and counted each time', async () => {
  vi.useFakeTimers()
  let failures = 0
  const sources = new Collectors(() => failures++)
  let [slow, quick] = [0, 0]
  let answer = (): void => {}
  sources.add(() => {
    slow++
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  sources.add(() => void quick++)
  for (let times = 0; times < 3; times++) {
    const refreshed = sources.collect()
    await vi.advanceTimersByTimeAsync(2000)
    await refreshed
  }
  expect([slow, quick]).toEqual([1, 3])
  expect(failures).toBe(3)
  answer()
  await vi.advanceTimersByTimeAsync(2000)
  const refreshed = sources.collect()
  await vi.advanceTimersByTimeAsync(2000)
  await refreshed
  expect(slow).toBe(2)
})
