import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../backends/free-port.ts'
import { run } from '../backends/running.ts'
import { temporaryFolder } from '../backends/temporary-folder.ts'
import { startOtlpReceiver } from '../monitor/otlp-receiver.ts'
import { type OtlpSpan, otlpSpans } from './otlp-spans.ts'

export interface TraceCollector {
  /** Where spans go. */
  readonly url: string
  /** The spans that it took, understood and passed on so far. */
  spans(): OtlpSpan[]
}

/** A Collector that takes spans over OTLP and passes them on to us, as OTLP in JSON. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const receiver = await startOtlpReceiver()
  const url = `http://127.0.0.1:${await freePort()}/v1/traces`
  const config = join(await temporaryFolder(), 'collector.yml')
  const behind = { traces_endpoint: `${receiver.endpoint}/v1/traces`, encoding: 'json', compression: 'none' }
  await writeFile(
    config,
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: new URL(url).host } } } },
      exporters: { otlp_http: behind },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      },
    }),
  )
  await run('otelcol', [`--config=${config}`], url)
  return { url, spans: () => receiver.received.flatMap(({ body }) => otlpSpans(body)) }
}
