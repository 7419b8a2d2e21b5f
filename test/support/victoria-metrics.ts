import { join } from 'node:path'
import { type BackendProcess, startBackend } from './backend-process.ts'
import { freePort } from './free-port.ts'
import { query } from './query.ts'
import type { Sample } from './sample.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface VictoriaMetrics extends BackendProcess {
  readonly url: string
  /** Where it takes OTLP. */
  readonly otlpUrl: string
  /** What it holds now. By itself it would let a new series be found after ten seconds. */
  query(promql: string): Promise<Sample[]>
}

/** A VictoriaMetrics that names what comes over OTLP as Prometheus does, and answers with all it has got. */
export async function startVictoriaMetrics(): Promise<VictoriaMetrics> {
  const folder = await temporaryFolder()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = await startBackend(
    'victoria-metrics',
    [
      `-storageDataPath=${join(folder, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-opentelemetry.usePrometheusNaming',
      // By default the last 30 seconds are held back from queries.
      '-search.latencyOffset=0s',
    ],
    `${url}/health`,
  )
  return {
    ...running,
    url,
    otlpUrl: `${url}/opentelemetry/v1/metrics`,
    query: async (promql) => {
      await fetch(`${url}/internal/force_flush`)
      return query(url, promql)
    },
  }
}

/** It rounds to about twelve digits when it stores a number: the last ones of a sum of durations are lost. */
export function isEqualTo12Digits(number: number, stored: number): boolean {
  return Math.abs(number - stored) <= 1e-11 * Math.abs(number)
}
