import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Labels, MetricKind } from '@wombat/instrumentation'
import { type Logger, type Monitoring, startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'

/** One series as a real process has it; what a gauge said there is where others begin. */
export interface SeriesShape {
  readonly name: string
  readonly kind: MetricKind
  readonly labels: Labels
  readonly value: number | undefined
}

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const mostMs = 10_000

/**
 * Every series of a process such as the demo: a real LevelDB, written to until it has flushed and compacted, with all checks and
 * rules at work. Read off rather than written down, so that it cannot differ from what processes have.
 */
export async function demoShape(store: string): Promise<SeriesShape[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-fleet-'))
  const monitoring = await startMonitoring({
    jsonApiEnabled: false,
    logger: quiet,
    healthCheckIntervalMs: 1000,
    alertEvaluationIntervalMs: 1000,
  })
  const location = join(folder, 'store')
  // Run as it stands, also by Node 22, which knows no `await using`.
  const database = monitoring.instrument(new ClassicLevel(location, { writeBufferSize: 2 ** 20 }), { name: store })
  try {
    const value = 'x'.repeat(500)
    for (let batch = 0; batch < 200; batch++) {
      await database.batch(Array.from({ length: 20 }, (_, entry) => ({ type: 'put', key: `${entry}-${batch}`, value })))
    }
    await everythingIsSaid(monitoring)
    return [...monitoring.registry.families()].flatMap(({ definition: { name, kind }, series }) =>
      [...series.values()].map(({ labels, instrument }) => ({
        name,
        kind,
        labels,
        value: 'value' in instrument ? instrument.value : undefined,
      })),
    )
  } finally {
    await database.close()
    await monitoring.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of the engine and of its health one hears last. */
async function everythingIsSaid(monitoring: Monitoring): Promise<void> {
  const deadlineMs = performance.now() + mostMs
  for (;;) {
    const shown = await monitoring.metrics()
    const names = new Set(shown.map(({ name }) => name))
    const isHealthKnown = shown.some(({ labels }) => labels?.['check'] === 'compaction_status')
    const isJudged = names.has('wombat_monitor_alert_evaluation_duration_seconds')
    if (names.has('db_level_files') && isHealthKnown && isJudged) return
    if (performance.now() > deadlineMs) throw new Error(`in ${mostMs} ms only these were said: ${[...names].join(', ')}`)
    await sleep(200)
  }
}
