import { join } from 'node:path'
import { otlpUrlOf, startCollector } from '@wombat/test-support/collector'
import { startDemoIn } from '@wombat/test-support/demo-process'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { startVictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { type PrometheusWithRules, startPrometheusWithRules } from './prometheus-with-rules.ts'
import type { Backends } from './results.ts'

export interface Seen extends Backends {
  readonly prometheus: PrometheusWithRules
}

/**
 * The demo, seen by a Prometheus that scrapes it and a VictoriaMetrics behind a Collector to which it sends, both every second. Its
 * history is in a file, as a service's would be; the rule files are Prometheus'. Beside it, other pages may be read, and others may send to the same Collector.
 */
export async function demoSeen(
  rules: Readonly<Record<string, string>>,
  others: (otlpUrl: string) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Promise<Seen> {
  const victoriaMetrics = await startVictoriaMetrics()
  const port = await freePort()
  await startCollector(port, victoriaMetrics.otlpUrl)
  const otlpUrl = otlpUrlOf(port)
  const environment = {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: otlpUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: new URL(otlpUrl).origin,
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    WOMBAT_HISTORY_PATH: join(await temporaryFolder(), 'history.sqlite'),
  }
  const demo = await startDemoIn(environment, '--prometheus-port', '0', '--json-port', '0')
  const { metrics } = await demo.addresses()
  const prometheus = await startPrometheusWithRules({ 'wombat-demo': metrics, ...(await others(otlpUrl)) }, rules)
  return { prometheus, victoriaMetrics }
}
