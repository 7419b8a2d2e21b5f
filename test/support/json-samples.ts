import type { JsonMetric, JsonValue } from '@wombat/monitor'
import type { Sample } from './sample.ts'

/** Fetches `/api/v1/metrics` and returns its metrics as Prometheus samples. */
export async function fetchJsonSamples(url: string): Promise<Sample[]> {
  const response = await fetch(url)
  const { metrics } = (await response.json()) as { metrics: JsonMetric[] }
  return metrics.flatMap(toSamples)
}

function toSamples(metric: JsonMetric): Sample[] {
  const name = prometheusName(metric.name)
  const labels = Object.fromEntries(Object.entries(metric.labels).map(([key, value]) => [prometheusName(key), String(value)]))
  if ('value' in metric) return [{ name, labels, value: fromJsonValue(metric.value) }]
  const buckets = metric.buckets ?? []
  return [
    ...buckets.map(({ le, count }) => ({ name: `${name}_bucket`, labels: { ...labels, le: String(le) }, value: count })),
    { name: `${name}_sum`, labels, value: fromJsonValue(metric.sum) },
    { name: `${name}_count`, labels, value: metric.count },
  ]
}

/** Returns a value of the JSON API as a number. */
export function fromJsonValue(value: JsonValue): number {
  return Number(String(value).replace('Inf', 'Infinity'))
}

/** The JSON API uses the names of OpenTelemetry's semantic conventions: with dots, and without the unit. */
function prometheusName(name: string): string {
  return name === 'db.client.operation.duration' ? 'db_client_operation_duration_seconds' : name.replaceAll('.', '_')
}
