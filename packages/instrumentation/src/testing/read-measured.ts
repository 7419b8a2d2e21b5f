import assert from 'node:assert/strict'
import { type Operation, operationMetrics, operations } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/** What was measured of one operation of one store. Only batches and scans have entries. */
export interface Measured {
  readonly operations: number
  readonly errors: number
  readonly entries?: number
}

/**
 * Returns what was measured of a store, for each operation that its adapter supplies.
 *
 * @throws AssertionError if a latency histogram holds another number of operations than the counter.
 */
export function readMeasured(registry: MetricsRegistry, store: string): { [O in Operation]?: Measured } {
  const values = readValues(registry, store)
  const measured: { [O in Operation]?: Measured } = {}
  for (const operation of operations) {
    const names = operationMetrics(operation)
    const [count, errors] = [values.get(names.operations), values.get(names.errors)]
    if (count === undefined || errors === undefined) continue
    assert.equal(values.get(names.latency), count, `${names.latency} must hold every ${operation} that was counted`)
    const entries = values.get(`db_${operation}_entries_total`)
    measured[operation] = { operations: count, errors, ...(entries !== undefined && { entries }) }
  }
  return measured
}

/** Returns a store's values by metric: of a histogram the count. Leaves out the series by error type. */
export function readValues(registry: MetricsRegistry, store: string): Map<string, number> {
  const storeMetrics = registry
    .getAllMetrics()
    .filter(({ labels }) => labels['store'] === store && labels['operation'] === undefined)
  return new Map(storeMetrics.map(({ name, value }) => [name, typeof value === 'number' ? value : value.count]))
}
