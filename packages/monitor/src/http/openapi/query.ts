import { queryFunctions } from '../../history/queries.ts'
import {
  badRequest,
  choice,
  type EndpointGroup,
  failure,
  integer,
  json,
  list,
  number,
  object,
  query,
  record,
  ref,
  requiredQuery,
  text,
  timeMs,
  tuple,
} from './description.ts'

const functionParameters = [
  requiredQuery('metric', "a metric's name"),
  query('function', 'what to compute of each series (default `value`)', choice(queryFunctions)),
  query('window', 'how far back the function looks (default `5m`)'),
  query('quantile', 'above 0 and below 1; required for the function `quantile`', number()),
  query('label.NAME', 'only series with this value of the label NAME'),
]

/** The endpoints that read the history. */
export const queryEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/query': {
      get: {
        summary: 'A function of series at one time',
        parameters: [...functionParameters, query('time', 'Unix time in milliseconds (default: now)', number())],
        responses: { 200: json(ref('QueryAnswer'), 'One value per series'), 400: badRequest },
      },
    },
    '/api/v1/query_range': {
      get: {
        summary: 'A function of series at every step of a range',
        parameters: [
          ...functionParameters,
          requiredQuery('start', 'Unix time in milliseconds', number()),
          query('end', 'Unix time in milliseconds (default: now)', number()),
          requiredQuery('step', 'time between two points, such as `1m`'),
        ],
        responses: {
          200: json(ref('RangeAnswer'), 'The points of each series'),
          400: badRequest,
          503: failure('Too many ranges wait: try again after a second.'),
        },
      },
    },
  },
  schemas: {
    QuerySeries: object({ labels: ref('Labels'), value: ref('JsonValue') }),
    QueryAnswer: object({ timeMs: timeMs(), series: list(ref('QuerySeries')) }),
    RangePoint: tuple([timeMs(), ref('JsonValue')], 'A time and the value at it.'),
    RangeSeries: object({ labels: ref('Labels'), points: list(ref('RangePoint')) }),
    RangeAnswer: object({ series: list(ref('RangeSeries')) }),
    HeatmapColumn: tuple(
      [timeMs('when the step ended'), list(number(), 'values in each bucket')],
      'How many values fell into each bucket in one step.',
    ),
    Heatmap: object({
      startMs: timeMs(),
      endMs: timeMs(),
      stepMs: number(),
      bounds: list({ anyOf: [number(), choice(['+Inf'])] }, 'upper bounds of the buckets, ascending'),
      columns: list(ref('HeatmapColumn')),
    }),
    CatalogMetric: object({
      name: text(),
      kind: choice(['counter', 'gauge', 'histogram', 'summary']),
      'unit?': text('in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`'),
      'description?': text(),
      labels: list(text(), 'the names of its labels'),
      series: integer('its series in the history; of a histogram, without its buckets'),
    }),
    Catalog: object({ metrics: list(ref('CatalogMetric')) }),
    CatalogMetricAnswer: object({
      name: text(),
      kind: choice(['counter', 'gauge', 'histogram', 'summary']),
      'unit?': text('in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`'),
      'description?': text(),
      labels: list(text(), 'the names of its labels'),
      series: integer('its series in the history; of a histogram, without its buckets'),
      values: record(list(text()), 'the values of each label, at most 1000 each'),
    }),
  },
}
