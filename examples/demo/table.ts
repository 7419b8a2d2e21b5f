import type { StoreSummary } from '@wombat/monitor'

const columns = ['store', 'operation', 'per second', 'P50', 'P95', 'P99', 'errors'] as const

/** Formats what the stores did in an interval as a table. */
export function table(stores: readonly StoreSummary[]): string {
  const rows = stores.flatMap(({ store, operations }) =>
    Object.entries(operations)
      .filter(([, { count }]) => count > 0)
      .map(([operation, { perSecond, p50, p95, p99, errors }]) => [
        store,
        operation,
        perSecond.toFixed(1),
        duration(p50),
        duration(p95),
        duration(p99),
        String(errors),
      ]),
  )
  const widths = columns.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')
  return [line(columns), ...rows.map(line)].join('\n')
}

function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '-'
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(0)} µs`
  return seconds < 1 ? `${(seconds * 1e3).toFixed(1)} ms` : `${seconds.toFixed(2)} s`
}
