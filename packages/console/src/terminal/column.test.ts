import { expect, test } from 'vitest'
import { type Column, placeColumns, sortRows } from './column.ts'

interface Row {
  readonly name: string
  readonly value?: number
}

const column = (name: string, width: number, priority: number, maxWidth?: number): Column<Row> => ({
  name,
  title: name.toUpperCase(),
  width,
  ...(maxWidth !== undefined && { maxWidth }),
  align: 'left',
  priority,
  text: (row) => row.name,
  order: (row) => row.value,
})
const columns = [column('name', 10, 0, 20), column('rate', 7, 1), column('size', 9, 3), column('health', 9, 2)]
const placed = (width: number): string[] => placeColumns(columns, width).map(({ name, placedWidth }) => `${name} ${placedWidth}`)

test('columns that do not fit are left out by their priority, and the others keep their order', () => {
  expect(placed(39)).toEqual(['name 10', 'rate 7', 'size 9', 'health 9'])
  expect(placed(38)).toEqual(['name 19', 'rate 7', 'health 9'])
  expect(placed(28)).toEqual(['name 19', 'rate 7'])
  expect(placed(5)).toEqual(['name 10'])
})

test('a column that may grow takes the room that is left', () => {
  expect(placed(200)).toEqual(['name 20', 'rate 7', 'size 9', 'health 9'])
})

test('numbers are ordered from high to low, texts from A to Z, and the unknown is last in both directions', () => {
  const rows: Row[] = [{ name: 'b', value: 1 }, { name: 'c' }, { name: 'a', value: 2 }]
  const names = (order: Column<Row>, isReversed: boolean): string =>
    sortRows(rows, order, isReversed)
      .map(({ name }) => name)
      .join('')
  const byValue = column('rate', 7, 0)
  expect([names(byValue, false), names(byValue, true)]).toEqual(['abc', 'bac'])
  const byName = { ...byValue, order: (row: Row) => row.name }
  expect([names(byName, false), names(byName, true)]).toEqual(['abc', 'cba'])
})
