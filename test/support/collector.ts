import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackendProcess, startBackend } from './backend-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A Collector that takes OTLP over HTTP at a port and passes it on over OTLP. */
export async function startCollector(port: number, onUrl: string): Promise<BackendProcess> {
  const config = join(await temporaryFolder(), 'collector.yml')
  await writeFile(
    config,
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { otlp_http: { metrics_endpoint: onUrl } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { metrics: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      },
    }),
  )
  return startBackend('otelcol', [`--config=${config}`], collectorOtlpUrl(port))
}

/** Where such a Collector takes OTLP. */
export function collectorOtlpUrl(port: number): string {
  return `http://127.0.0.1:${port}/v1/metrics`
}
