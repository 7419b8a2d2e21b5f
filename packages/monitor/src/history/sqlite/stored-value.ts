/** Stands for a value that is NaN: in a file, NaN means that there is no sample. No metric has this value, the least of all numbers. */
const storedNaN = -Number.MAX_VALUE

/** Returns what is stored for a value. */
export function toStored(value: number): number {
  return Number.isNaN(value) ? storedNaN : value
}

/** Returns the value of what is stored for it. */
export function fromStored(stored: number): number {
  return stored === storedNaN ? Number.NaN : stored
}
