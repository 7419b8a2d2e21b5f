import { expect, test } from 'vitest'
import { WorkQueue } from './work-queue.ts'

/** A task that ends when `end` or `fail` is called. */
function task(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const run = async () => {
    log.push(`${name} begins`)
    const result = await promise
    log.push(`${name} ends`)
    return result
  }
  return { run, end: () => resolve(name), fail: () => reject(new Error(name)) }
}

test('a task starts when the one before has ended', async () => {
  const log: string[] = []
  const [one, two] = [task(log, 'one'), task(log, 'two')]
  const queue = new WorkQueue(1, 2)
  const results = [queue.run(one.run), queue.run(two.run)]
  two.end()
  one.end()
  expect(await Promise.all(results)).toEqual(['one', 'two'])
  expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
})

test('a full queue accepts no task until one has ended', async () => {
  const [one, two, three] = [task([], 'one'), task([], 'two'), task([], 'three')]
  const queue = new WorkQueue(1, 2)
  const first = queue.run(one.run)
  queue.run(two.run)
  expect(queue.run(three.run)).toBe(undefined)
  one.end()
  await first
  const third = queue.run(three.run)
  two.end()
  three.end()
  expect(await third).toBe('three')
})

test('a failed task rejects for its own caller, and the next task runs', async () => {
  const [one, two] = [task([], 'one'), task([], 'two')]
  const queue = new WorkQueue(1, 2)
  const results = [queue.run(one.run), queue.run(two.run)]
  one.fail()
  two.end()
  await expect(results[0]).rejects.toThrow('one')
  expect(await results[1]).toBe('two')
})

test('as many tasks run at the same time as the queue allows', async () => {
  const log: string[] = []
  const [one, two, three] = [task(log, 'one'), task(log, 'two'), task(log, 'three')]
  const queue = new WorkQueue(2, 3)
  const results = [one, two, three].map(({ run }) => queue.run(run))
  expect(log).toEqual(['one begins', 'two begins'])
  two.end()
  await results[1]
  expect(log.slice(2)).toEqual(['two ends', 'three begins'])
  one.end()
  three.end()
  expect(await Promise.all(results)).toEqual(['one', 'two', 'three'])
})
