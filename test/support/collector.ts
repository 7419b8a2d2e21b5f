import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackendProcess, startBackend } from './backend-process.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Starts a Collector that receives OTLP over HTTP on a port and forwards it over OTLP, in protobuf or as JSON. */
export async function startCollector(port: number, onUrl: string, encoding: 'proto' | 'json' = 'proto'): Promise<BackendProcess> {
  const config = join(await temporaryFolder(), 'collector.yml')
  await writeFile(
    config,
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { otlp_http: { metrics_endpoint: onUrl, encoding } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { metrics: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      },
    }),
  )
  return startBackend('otelcol', [`--config=${config}`], collectorOtlpUrl(port))
}

/** Returns the URL on which such a Collector receives OTLP. */
export function collectorOtlpUrl(port: number): string {
  return `http://127.0.0.1:${port}/v1/metrics`
}
