import {
  type EndpointGroup,
  failure,
  integer,
  json,
  list,
  number,
  object,
  plainText,
  record,
  ref,
  text,
  timeMs,
} from './description.ts'

const quantiles = (description: string) => list(ref('MetricQuantile'), description)

const metricFields = {
  name: text(),
  unit: text('in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`'),
  labels: ref('Attributes'),
  timestamp: timeMs(),
}

/** `/metrics` and `/api/v1/metrics`. */
export const metricEndpoints: EndpointGroup = {
  paths: {
    '/metrics': {
      get: {
        summary: 'All metrics for Prometheus: text, OpenMetrics or protobuf, as `Accept` asks',
        responses: {
          200: plainText('The page in the format of its content type'),
          503: plainText('The collection failed; the text is the reason.'),
        },
      },
    },
    '/api/v1/metrics': {
      get: {
        summary: 'All metrics as they are now, with derived ratios',
        responses: { 200: json(ref('MetricsAnswer'), 'The metrics'), 503: failure('The collection failed.') },
      },
    },
  },
  schemas: {
    Attributes: record(
      { anyOf: [text(), number(), { type: 'boolean' }, list({})] },
      'Names and values that tell the series of a metric apart.',
    ),
    JsonValue: {
      description: 'A number; those that JSON cannot express are texts.',
      anyOf: [number(), { type: 'string', enum: ['NaN', '+Inf', '-Inf'] }],
    },
    MetricQuantile: object({ quantile: number('0.99 is the 99th percentile'), value: number() }),
    MetricNumber: object({ ...metricFields, type: { type: 'string', enum: ['counter', 'gauge'] }, value: ref('JsonValue') }),
    MetricDistribution: object({
      ...metricFields,
      type: { type: 'string', enum: ['histogram', 'summary'] },
      count: integer(),
      sum: ref('JsonValue'),
      'min?': ref('JsonValue'),
      'max?': ref('JsonValue'),
      quantiles: quantiles('of the last one to two intervals of the history'),
      quantilesSinceStart: quantiles('of all values since the start'),
      'buckets?': list(
        object({ le: { anyOf: [number(), { type: 'string', enum: ['+Inf'] }] }, count: integer('number of values up to `le`') }),
        'cumulative; a summary has none',
      ),
      'exemplars?': list(ref('Exemplar'), 'values with their traces, the last one of each bucket; left out if there are none'),
    }),
    Exemplar: object(
      {
        value: number('in the unit of the metric'),
        timeMs: timeMs(),
        traceId: text('32 hexadecimal digits'),
        spanId: text('16 hexadecimal digits'),
      },
      'A recorded value with the trace that it belongs to.',
    ),
    Metric: { description: 'One series of a metric.', anyOf: [ref('MetricNumber'), ref('MetricDistribution')] },
    DerivedNumber: object(
      {
        name: { type: 'string', enum: ['db_write_amplification', 'db_cache_hit_ratio', 'db_space_amplification'] },
        labels: object({ store: text() }),
        value: number(),
      },
      'A ratio computed from other metrics.',
    ),
    MetricsAnswer: object({ metrics: list(ref('Metric')), derived: list(ref('DerivedNumber')) }),
  },
}
