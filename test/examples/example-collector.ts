import { join } from 'node:path'
import { freePort } from '../backends/free-port.ts'
import { type Running, run } from '../backends/running.ts'
import { examples } from './running-example.ts'

export interface ExampleCollector extends Running {
  /** Where it takes OTLP. */
  readonly endpoint: string
}

/**
 * A real Collector with the configuration of an example, in which only addresses differ: it listens at a free port of loopback, and
 * what comes out of its pipelines goes to `onEndpoint` as JSON.
 */
export async function startExampleCollector(
  file: string,
  onEndpoint: string,
  pipelines: readonly string[],
): Promise<ExampleCollector> {
  const port = await freePort()
  const otlp = (rest: string) => `yaml:${rest}`
  const changes = [
    otlp(`receivers::otlp::protocols::http::endpoint: 127.0.0.1:${port}`),
    otlp('service::telemetry::metrics: {level: none, readers: []}'),
    otlp(`exporters::otlp_http: {endpoint: "${onEndpoint}", metrics_endpoint: "", encoding: json, compression: none}`),
    ...pipelines.map((name) => otlp(`service::pipelines::${name}::exporters: [otlp_http]`)),
  ]
  const configs = [join(examples, file), ...changes].map((config) => `--config=${config}`)
  const endpoint = `http://127.0.0.1:${port}`
  return { ...(await run('otelcol', configs, endpoint)), endpoint }
}
