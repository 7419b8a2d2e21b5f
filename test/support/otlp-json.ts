interface OtlpPoint {
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly stringValue: string } }>
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
  readonly asDouble?: number
  readonly count?: number
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly bucketCounts?: readonly number[]
  readonly explicitBounds?: readonly number[]
  readonly scale?: number
  readonly zeroCount?: number
  readonly positive?: { readonly offset: number; readonly bucketCounts: readonly number[] }
}

interface OtlpData {
  /** 1: delta, 2: cumulative. */
  readonly aggregationTemporality?: number
  readonly isMonotonic?: boolean
  readonly dataPoints: readonly OtlpPoint[]
}

export interface OtlpMetric {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly sum?: OtlpData
  readonly gauge?: OtlpData
  readonly histogram?: OtlpData
  readonly exponentialHistogram?: OtlpData
}

interface OtlpBody {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: { readonly attributes: OtlpPoint['attributes'] }
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: readonly OtlpMetric[] }>
  }>
}

/** Returns the metrics of an OTLP/JSON request. */
export function otlpMetrics(body: Buffer): OtlpMetric[] {
  const { resourceMetrics } = JSON.parse(body.toString()) as OtlpBody
  return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
}

/** Returns the string attributes of the resource. */
export function otlpResource(body: Buffer): Record<string, string> {
  const { resourceMetrics } = JSON.parse(body.toString()) as OtlpBody
  return Object.fromEntries(
    resourceMetrics.flatMap(({ resource }) => resource.attributes.map(({ key, value }) => [key, value.stringValue])),
  )
}

/** Returns the value of the counter or gauge with these labels; undefined if there is none. */
export function otlpValue(body: Buffer, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const metric = otlpMetrics(body).find((one) => one.name === name)
  const point = (metric?.sum ?? metric?.gauge)?.dataPoints.find(({ attributes }) =>
    Object.entries(labels).every(([label, text]) =>
      attributes.some(({ key, value }) => key === label && value.stringValue === text),
    ),
  )
  return point?.asDouble
}
