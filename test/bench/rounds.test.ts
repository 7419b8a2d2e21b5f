import { expect, test } from 'vitest'
import { computeOrder } from './rounds.ts'

test.each([2, 3, 4, 5])('among %i cases each follows each other one equally often', (cases) => {
  const followed = new Map<string, number>()
  for (let round = 0; round < 2 * cases; round++) {
    const order = computeOrder(round, cases)
    expect(order.toSorted()).toEqual(Array.from({ length: cases }, (_, index) => index))
    order.slice(1).forEach((index, place) => {
      const pair = `${order[place]} before ${index}`
      followed.set(pair, (followed.get(pair) ?? 0) + 1)
    })
  }
  expect(followed.size).toBe(cases * (cases - 1))
  expect(new Set(followed.values())).toEqual(new Set([2]))
})
