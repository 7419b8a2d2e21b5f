import { compare } from '../compare.ts'
import type { ComparisonResult, Effort } from '../comparison.ts'
import { logUniform, randomNumbers } from '../random.ts'
import { openTelemetry } from './opentelemetry.ts'
import { recordOnMeter, recordWithReaders } from './ours.ts'
import { promClient } from './prom-client.ts'

const [ours, oursForThree, oursOnMeter] = ['ours, one reader', 'ours, three readers', "ours, on an application's Meter"]
const [otel, otelForThree, otel2] = [
  'OpenTelemetry, one reader',
  'OpenTelemetry, three readers',
  'OpenTelemetry SDK 2, one reader',
]

/** Compares the time to count one operation and to record its duration, without measuring the duration. */
export async function* record(effort: Effort): AsyncGenerator<ComparisonResult> {
  // With only some thousands of values, the branch predictor learns their sequence, and every search for a bucket looks faster.
  const values = logUniform(effort.quick ? 4096 : 65_536, 1e-7, 20, randomNumbers(1))
  const work = { per: 'record', unitsPerPass: values.length }
  yield await compare(
    {
      name: 'count and latency of one operation',
      ...work,
      cases: [
        recordWithReaders(ours, 1, values),
        recordWithReaders(oursForThree, 3, values),
        promClient('prom-client', values),
        promClient('@prometheus-io/client', values),
        openTelemetry(otel, 1, values),
        openTelemetry(otelForThree, 3, values),
        openTelemetry(otel2, 1, values, 2),
      ],
      ratios: [
        { of: 'prom-client', to: ours, goal: { is: 'at least', value: 20 } },
        { of: '@prometheus-io/client', to: ours, goal: { is: 'at least', value: 20 } },
        { of: otel, to: ours },
        { of: otel2, to: ours },
        { of: otelForThree, to: ours, goal: { is: 'at least', value: 40 } },
        { of: oursForThree, to: ours, goal: { is: 'at most', value: 1.1 } },
      ],
    },
    effort,
  )
  // Separate and last: after a histogram had a Meter, V8 no longer optimizes that call away for the other histograms.
  yield await compare(
    {
      name: 'the same on a MeterProvider of the application',
      ...work,
      cases: [recordOnMeter(oursOnMeter, values), openTelemetry(otel, 1, values)],
      ratios: [{ of: oursOnMeter, to: otel }],
    },
    effort,
  )
}
