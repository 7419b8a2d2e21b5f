import { join } from 'node:path'
import { type BackendProcess, startBackend } from '@wombat/test-support/backend-process'
import { freePort } from '@wombat/test-support/free-port'
import { examples } from './running-example.ts'

export interface ExampleCollector extends BackendProcess {
  /** The URL on which it receives OTLP. */
  readonly endpoint: string
  /** The address of its own metrics. */
  readonly own: string
}

/**
 * A real Collector with the configuration of an example, in which only addresses differ: it listens at free ports of loopback, and
 * what comes out of its pipelines goes to `onEndpoint` as JSON.
 */
export async function startExampleCollector(
  file: string,
  onEndpoint: string,
  pipelines: readonly string[],
): Promise<ExampleCollector> {
  const [port, ownPort] = [await freePort(), await freePort()]
  const reader = `{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${ownPort}}}}}`
  const changes = [
    `receivers::otlp::protocols::http::endpoint: 127.0.0.1:${port}`,
    `service::telemetry::metrics::readers: [${reader}]`,
    `exporters::otlp_http: {endpoint: "${onEndpoint}", metrics_endpoint: "", encoding: json, compression: none}`,
    ...pipelines.map((name) => `service::pipelines::${name}::exporters: [otlp_http]`),
  ]
  const configs = [join(examples, file), ...changes.map((change) => `yaml:${change}`)].map((config) => `--config=${config}`)
  const endpoint = `http://127.0.0.1:${port}`
  return { ...(await startBackend('otelcol', configs, endpoint)), endpoint, own: `127.0.0.1:${ownPort}` }
}
