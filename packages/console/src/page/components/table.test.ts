import { expect, test } from 'vitest'
import { sortRows } from './table.tsx'

interface Row {
  readonly name: string
  readonly size?: number
}
const rows: readonly Row[] = [{ name: 'b10', size: 1 }, { name: 'b9' }, { name: 'a', size: 3 }]
const columns = [
  { key: 'name', sortBy: ({ name }: Row) => name },
  { key: 'size', sortBy: ({ size }: Row) => size },
  { key: 'note' },
]
const names = (order: string | undefined): readonly string[] => sortRows(rows, columns, order).map(({ name }) => name)

test('rows without a value are last in both directions', () => {
  expect(names('size')).toEqual(['b10', 'a', 'b9'])
  expect(names('-size')).toEqual(['a', 'b10', 'b9'])
})

test('numbers in names are sorted as numbers', () => {
  expect(names('name')).toEqual(['a', 'b9', 'b10'])
})

test('without an order, and for a column that cannot be sorted, rows stay as they are', () => {
  expect(names(undefined)).toEqual(['b10', 'b9', 'a'])
  expect(names('note')).toEqual(['b10', 'b9', 'a'])
})
