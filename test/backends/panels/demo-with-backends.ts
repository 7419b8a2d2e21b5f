import { join } from 'node:path'
import { collectorOtlpUrl, startCollector } from '@wombat/test-support/collector'
import { startDemoWithEnvironment } from '@wombat/test-support/demo-process'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { startVictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { type PrometheusWithRules, startPrometheusWithRules } from './prometheus-with-rules.ts'
import type { Backends } from './results.ts'

/** The engines of the demo's stores. */
export const demoEngines: readonly string[] = ['leveldb', 'lmdb', 'sqlite', 'lru-cache']

/** The backends of a running demo. */
export interface DemoWithBackends extends Backends {
  readonly prometheus: PrometheusWithRules
}

/**
 * Starts the demo, a Prometheus that scrapes it and evaluates the rules, and a VictoriaMetrics behind a Collector to which the demo sends,
 * both every second. The demo keeps its history in a file. `others` starts more processes and returns their /metrics URLs.
 */
export async function startDemoWithBackends(
  rules: Readonly<Record<string, string>>,
  others: (otlpUrl: string) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Promise<DemoWithBackends> {
  const victoriaMetrics = await startVictoriaMetrics()
  const port = await freePort()
  await startCollector(port, victoriaMetrics.otlpUrl)
  const otlpUrl = collectorOtlpUrl(port)
  const environment = {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: otlpUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: new URL(otlpUrl).origin,
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    WOMBAT_HISTORY_PATH: join(await temporaryFolder(), 'history.sqlite'),
  }
  const demo = await startDemoWithEnvironment(environment, '--prometheus-port', '0', '--json-port', '0')
  const { metrics } = await demo.addresses()
  const prometheus = await startPrometheusWithRules({ 'wombat-demo': metrics, ...(await others(otlpUrl)) }, rules)
  return { prometheus, victoriaMetrics }
}
