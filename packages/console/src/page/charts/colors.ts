import { storeIndex } from '../data/stores.ts'

/** How many colors there are. They are `--series-1` to `--series-8` of the theme. */
const count = 8

const operationOrder = ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many']
/** A higher quantile is warmer. */
const quantileColors: Readonly<Record<number, number>> = { 0.5: 3, 0.9: 7, 0.95: 1, 0.99: 2, 0.999: 6 }

/** Returns the token of the color with this number; colors repeat. */
export function colorToken(index: number): string {
  return `--series-${(index % count) + 1}`
}

/** Returns the color of an operation: the same everywhere. */
export function operationColor(operation: string): string {
  const index = operationOrder.indexOf(operation)
  return colorToken(index === -1 ? hash(operation) : index)
}

/** Returns the color of a store: the same everywhere. */
export function storeColor(store: string): string {
  return colorToken(storeIndex(store))
}

/** Returns the color of a quantile of 0 to 1. */
export function quantileColor(quantile: number): string {
  return colorToken((quantileColors[quantile] ?? 5) - 1)
}

/** Returns a color for any other name, always the same for the same name. */
export function nameColor(name: string): string {
  return colorToken(hash(name))
}

function hash(text: string): number {
  let sum = 0
  for (const char of text) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return sum
}
