import { expect, test } from 'vitest'
import { defer, stringifyInSlices } from './stringify.ts'

test.each([
  [
    {
      version: '4',
      alerts: [{ labels: { a: 'b' } }, undefined, null, 1],
      none: undefined,
      nested: { list: [1, [2]] },
      empty: [],
    },
  ],
  [[{ a: 1 }, [2]]],
  [{ text: 'say "no"', 'a "key"': new Date(0) }],
  ['text'],
  [null],
])('the JSON is that of JSON.stringify: %j', async (value) => {
  expect(await stringifyInSlices(value)).toBe(JSON.stringify(value))
})

test('a deferred part is created when it is written', async () => {
  const created: number[] = []
  const items = [1, 2].map((item) =>
    defer(() => {
      created.push(item)
      return { item }
    }),
  )
  expect(created).toEqual([])
  expect(await stringifyInSlices({ items })).toBe('{"items":[{"item":1},{"item":2}]}')
  expect(created).toEqual([1, 2])
})
