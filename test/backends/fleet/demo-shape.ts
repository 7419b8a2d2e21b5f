import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Labels, MetricKind } from '@wombat/instrumentation'
import { type Logger, type Monitoring, startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'

/** One series of a real process. The value of a gauge is the initial value in simulated instances. */
export interface SeriesShape {
  readonly name: string
  readonly kind: MetricKind
  readonly labels: Labels
  readonly value: number | undefined
}

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const timeLimitMs = 10_000

/**
 * Returns every series of a process like the demo: a real LevelDB that has flushed and compacted, with all health checks and alert rules.
 * They come from a running process so that they are the series that processes really have.
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
  // No `await using`: Node 22 runs this file without compiling it.
  const database = monitoring.instrument(new ClassicLevel(location, { writeBufferSize: 2 ** 20 }), { name: store })
  try {
    const value = 'x'.repeat(500)
    for (let batch = 0; batch < 200; batch++) {
      await database.batch(Array.from({ length: 20 }, (_, entry) => ({ type: 'put', key: `${entry}-${batch}`, value })))
    }
    await waitForAllMetrics(monitoring)
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

/** Waits for the metrics that appear last: those of the engine, its health checks and the alert rules. */
async function waitForAllMetrics(monitoring: Monitoring): Promise<void> {
  const deadlineMs = performance.now() + timeLimitMs
  for (;;) {
    const shown = await monitoring.metrics()
    const names = new Set(shown.map(({ name }) => name))
    const isHealthKnown = shown.some(({ labels }) => labels?.['check'] === 'compaction_status')
    const hasEvaluatedAlerts = names.has('wombat_monitor_alert_evaluation_duration_seconds')
    if (names.has('db_level_files') && isHealthKnown && hasEvaluatedAlerts) return
    if (performance.now() > deadlineMs)
      throw new Error(`after ${timeLimitMs} ms there are only these metrics: ${[...names].join(', ')}`)
    await sleep(200)
  }
}
