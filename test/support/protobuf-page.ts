import { sizeDelimitedDecodeStream } from '@bufbuild/protobuf/wire'
import { type Metric, type MetricFamily, MetricFamilySchema, MetricType } from './prometheus-schema/generated/metrics_pb.ts'
import type { Sample } from './sample.ts'

/** Returns the messages of a page in protobuf. @throws Error if it is not valid. */
export async function readProtobufPage(page: Uint8Array): Promise<MetricFamily[]> {
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield page
  }
  const families: MetricFamily[] = []
  for await (const family of sizeDelimitedDecodeStream(MetricFamilySchema, parts())) families.push(family)
  return families
}

/** Returns the samples of messages: those that the page has as text. */
export function samplesOfFamilies(families: readonly MetricFamily[]): Sample[] {
  return families.flatMap((family) => family.metric.flatMap((metric) => samplesOfMetric(family, metric)))
}

function samplesOfMetric({ name, type }: MetricFamily, metric: Metric): Sample[] {
  const labels = Object.fromEntries(metric.label.map((label) => [label.name, label.value]))
  const { counter, gauge, histogram } = metric
  if (type === MetricType.COUNTER && counter !== undefined) return [{ name, labels, value: counter.value }]
  if (type === MetricType.GAUGE && gauge !== undefined) return [{ name, labels, value: gauge.value }]
  if (type !== MetricType.HISTOGRAM || histogram === undefined) throw new Error(`${name}: no value of its type`)
  return [
    { name: `${name}_count`, labels, value: Number(histogram.sampleCount) },
    { name: `${name}_sum`, labels, value: histogram.sampleSum },
    ...histogram.bucket.map(({ upperBound, cumulativeCount }) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le: upperBound === Number.POSITIVE_INFINITY ? '+Inf' : String(upperBound) },
      value: Number(cumulativeCount),
    })),
  ]
}
