import { formatNonFinite } from './numbers.ts'

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Formats a size: `12.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return formatNonFinite(bytes)
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1023.95 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 && Math.abs(value) >= 10 ? 0 : 1
  return `${Number(value.toFixed(digits)).toLocaleString('en-US')} ${units[unit]}`
}
