import { compare } from '../compare.ts'
import type { ComparisonResult, Effort } from '../comparison.ts'
import { logUniform, randomNumbers } from '../random.ts'
import { openTelemetry } from './opentelemetry.ts'
import { ourCells, ourCellsOnMeter } from './ours.ts'
import { promClient } from './prom-client.ts'

const [ours, oursForThree, oursOnMeter] = ['ours, one reader', 'ours, three readers', "ours, on an application's Meter"]
const [otel, otelForThree] = ['OpenTelemetry, one reader', 'OpenTelemetry, three readers']

/** What it costs to count one operation and put its duration in a histogram, once the duration is known. */
export async function* record(effort: Effort): AsyncGenerator<ComparisonResult> {
  // With only some thousands of values a processor learns their sequence, and flatters every search among bounds.
  const values = logUniform(effort.quick ? 4096 : 65_536, 1e-7, 20, randomNumbers(1))
  const work = { per: 'record', unitsPerPass: values.length }
  yield await compare(
    {
      name: 'count and latency of one operation',
      ...work,
      cases: [
        ourCells(ours, 1, values),
        ourCells(oursForThree, 3, values),
        promClient('prom-client', values),
        openTelemetry(otel, 1, values),
        openTelemetry(otelForThree, 3, values),
      ],
      ratios: [
        { of: 'prom-client', to: ours, goal: { is: 'at least', value: 20 } },
        { of: otel, to: ours },
        { of: otelForThree, to: ours, goal: { is: 'at least', value: 40 } },
        { of: oursForThree, to: ours, goal: { is: 'at most', value: 1.1 } },
      ],
    },
    effort,
  )
  // Apart and last: once a histogram has been told of a Meter, the compiler no longer leaves that call out for the others.
  yield await compare(
    {
      name: 'the same where the application owns the MeterProvider',
      ...work,
      cases: [ourCellsOnMeter(oursOnMeter, values), openTelemetry(otel, 1, values)],
      ratios: [{ of: oursOnMeter, to: otel }],
    },
    effort,
  )
}
