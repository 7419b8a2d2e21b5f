import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBackend } from '@wombat/test-support/backend-process'
import { freePort } from '@wombat/test-support/free-port'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { type OtlpSpan, parseOtlpSpans } from './otlp-spans.ts'

export interface TraceCollector {
  /** The URL to which spans are sent. */
  readonly url: string
  /** Returns the spans that the Collector has forwarded so far. */
  spans(): OtlpSpan[]
}

/** Starts a Collector that receives spans over OTLP and forwards them to a receiver in the test as OTLP/JSON. */
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
  await startBackend('otelcol', [`--config=${config}`], url)
  return { url, spans: () => receiver.received.flatMap(({ body }) => parseOtlpSpans(body)) }
}
