import type { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { Resource } from '@opentelemetry/resources'
import type { MetricData } from '@opentelemetry/sdk-metrics'
import type { WriteForeign } from './page.ts'
import type { TextWriter } from './text-writer.ts'

/** Points that are serialized without a pause: a histogram has some twenty lines, and a line takes a few microseconds. */
const blockLength = 25

/** Returns a function that writes the application's metrics with OpenTelemetry's serializer, which is loaded for it. */
export async function loadForeignText(writer: TextWriter, resource: Resource): Promise<WriteForeign> {
  const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus')
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  return (metrics) => writeForeign(metrics, serializer, writer, resource)
}

function* writeForeign(
  metrics: readonly MetricData[],
  serializer: PrometheusSerializer,
  writer: TextWriter,
  resource: Resource,
): Generator<void> {
  for (const metric of metrics) {
    for (let from = 0; from < metric.dataPoints.length; from += blockLength) {
      const block = { ...metric, dataPoints: metric.dataPoints.slice(from, from + blockLength) } as MetricData
      const text = serializer.serialize({ resource, scopeMetrics: [{ scope: { name: '' }, metrics: [block] }] })
      writer.writeLines(from === 0 ? text : withoutHead(text))
      yield
    }
  }
}

/** Returns the lines of a metric without those before its first series. */
function withoutHead(text: string): string {
  const type = text.startsWith('# TYPE ') ? 0 : text.indexOf('\n# TYPE ') + 1
  return text.slice(text.indexOf('\n', type) + 1)
}
