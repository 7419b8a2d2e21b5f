import { expect, test } from 'vitest'
import { placeLabels } from './mark-labels.ts'

test('a name has the room up to the next mark, and the last one up to the end', () => {
  const labels = [
    { text: 'import', x: 10 },
    { text: 'reports', x: 150 },
  ]
  expect(placeLabels(labels, 0, 400).map(({ text, maxWidth }) => [text, maxWidth])).toEqual([
    ['import', 140],
    ['reports', 250],
  ])
})

test('a name without room is left out', () => {
  const labels = [
    { text: 'import', x: 10 },
    { text: 'reports', x: 50 },
    { text: 'hashes', x: 390 },
  ]
  expect(placeLabels(labels, 0, 400).map(({ text }) => text)).toEqual(['reports'])
})

test('the name of what began before the range stands at its start, if it has room', () => {
  expect(placeLabels([{ text: 'import', x: -200 }], 20, 400)).toEqual([{ text: 'import', x: 20, maxWidth: 380 }])
})
