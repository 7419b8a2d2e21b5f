import { metrics, operations, storeAdapters } from '@wombat/instrumentation'
import { operationMetrics, readControlGroupMemory } from '@wombat/instrumentation/internal'
import type { Question } from './panel-query.ts'

/** What every measured store has, beside its operations, whatever is behind it. */
const ofEveryStore: readonly string[] = [
  'db_errors_total',
  'db_batch_entries_total',
  'db_scan_entries_total',
  'db_queue_depth',
  'db_oldest_operation_age_seconds',
  'db_slow_operations_total',
  'db_open_iterators',
  'db_store_info',
  'db_health_status',
  'db_health_changes_total',
  'db_health_check_duration_seconds',
  'db_alerts',
  ...operations.flatMap((operation) => Object.values(operationMetrics(operation))),
]

/** Numbers that not every machine has, and how it is known that this one does not. */
const machines: ReadonlyArray<{ readonly metric: string; readonly why: string; readonly isSo: () => Promise<boolean> }> = [
  {
    metric: 'wombat_process_group_memory_bytes',
    why: 'this process is in no control group',
    isSo: async () => (await readControlGroupMemory()) === undefined,
  },
]

/** Why a question may be without an answer: it is the engines, the machine, or something that has not happened. */
export interface Excuse {
  readonly kind: 'engine' | 'machine' | 'event'
  readonly why: string
}

/** What excuses silence where these engines are measured; undefined where nothing does. */
export async function excuseFor(question: Question, engines: readonly string[]): Promise<Excuse | undefined> {
  const missing = unsaid(question.metrics, engines)
  if (missing.length > 0) return { kind: 'engine', why: missing.map(whoSays).join('; ') }
  for (const { metric, why, isSo } of machines) {
    if (question.metrics.includes(metric) && (await isSo())) return { kind: 'machine', why }
  }
  return question.isAboveZeroOnly ? { kind: 'event', why: 'nothing is above 0' } : undefined
}

/** The metrics among these that none of the engines says. */
export function unsaid(names: readonly string[], engines: readonly string[]): string[] {
  const said = engines.flatMap((engine) => storeAdapters.flatMap(({ engineMetrics }) => engineMetrics[engine] ?? []))
  return names.filter((name) => {
    return (
      name.startsWith('db_') && Object.hasOwn(metrics, name) && !ofEveryStore.includes(name) && !said.some((one) => one === name)
    )
  })
}

/** The engines that say this of themselves. */
export function enginesThatSay(name: string): string[] {
  const all = storeAdapters.flatMap(({ engineMetrics }) => Object.entries(engineMetrics))
  return [...new Set(all.filter(([, said]) => said.some((one) => one === name)).map(([engine]) => engine))].sort()
}

function whoSays(name: string): string {
  const engines = enginesThatSay(name)
  return `${name} is said by ${engines.length === 0 ? 'no engine' : engines.join(', ')}`
}
