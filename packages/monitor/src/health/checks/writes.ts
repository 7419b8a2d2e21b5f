import type { MetricsRegistry } from '@wombat/instrumentation'
import { operationMetrics, seriesKey } from '@wombat/instrumentation/internal'

/** What the users of a store wrote to it, as counted so far. */
export interface WriteCounts {
  readonly settled: number
  readonly failed: number
}

const writing = (['set', 'delete', 'batch'] as const).map(operationMetrics)
const settledNames: ReadonlySet<string> = new Set(writing.map(({ operations }) => operations))
const failedNames: ReadonlySet<string> = new Set(writing.map(({ errors }) => errors))

/** From the registry itself: the history may be a whole interval behind. */
export function countWrites(registry: MetricsRegistry, store: string): WriteCounts {
  return { settled: counted(registry, settledNames, store), failed: counted(registry, failedNames, store) }
}

/** Whether there were writes between the two, and none failed: then the store was tried by those who need it. */
export function haveWritesSucceeded(from: WriteCounts | undefined, to: WriteCounts): boolean {
  return from !== undefined && to.settled > from.settled && to.failed === from.failed
}

function counted(registry: MetricsRegistry, names: ReadonlySet<string>, store: string): number {
  const identity = seriesKey({ store })
  let sum = 0
  for (const { definition, series } of registry.families()) {
    const cell = names.has(definition.name) ? series.get(identity)?.instrument : undefined
    if (cell !== undefined && 'value' in cell && typeof cell.value === 'number') sum += cell.value
  }
  return sum
}
