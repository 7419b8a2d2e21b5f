import { expect, test } from 'vitest'
import { SerialQueue } from './serial-queue.ts'

/** A task that ends when it is told to. */
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

test('one task begins when the one before it has ended', async () => {
  const log: string[] = []
  const [one, two] = [task(log, 'one'), task(log, 'two')]
  const line = new SerialQueue(2)
  const turns = [line.run(one.run), line.run(two.run)]
  two.end()
  one.end()
  expect(await Promise.all(turns)).toEqual(['one', 'two'])
  expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
})

test('a full line takes nobody, until somebody has left', async () => {
  const [one, two, three] = [task([], 'one'), task([], 'two'), task([], 'three')]
  const line = new SerialQueue(2)
  const first = line.run(one.run)
  line.run(two.run)
  expect(line.run(three.run)).toBe(undefined)
  one.end()
  await first
  const third = line.run(three.run)
  two.end()
  three.end()
  expect(await third).toBe('three')
})

test('a task that fails tells its own caller, and the next one has its turn', async () => {
  const [one, two] = [task([], 'one'), task([], 'two')]
  const line = new SerialQueue(2)
  const turns = [line.run(one.run), line.run(two.run)]
  one.fail()
  two.end()
  await expect(turns[0]).rejects.toThrow('one')
  expect(await turns[1]).toBe('two')
})
