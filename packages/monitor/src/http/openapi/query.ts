import { queryFunctions } from '../../history/series-query.ts'
import { aggregations } from '../../history/step-values.ts'
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
  pathParameter,
  query,
  record,
  ref,
  repeatable,
  requiredQuery,
  text,
  timeMs,
  tuple,
} from './description.ts'

const momentText = 'Unix time in milliseconds, `now`, or a time before now such as `-1h`'

const labelParameter = repeatable('label.NAME', 'only series with one of these values of the label NAME')

const functionParameters = [
  { ...repeatable('metric', "up to 24 metrics' names"), required: true },
  query('function', 'what to compute of each series (default `value`)', choice(queryFunctions)),
  query('window', 'how far back the function looks (default `5m`)'),
  repeatable('quantile', 'above 0 and below 1; required for the function `quantile`', number()),
  labelParameter,
  query('by', 'combines the series that share these labels, separated by commas; `__name__` keeps the metrics apart'),
  query('aggregate', 'how series are combined (default `sum`)', choice(aggregations)),
]

/** The parameters of a range. */
const rangeParameters = [
  requiredQuery('start', momentText),
  query('end', `${momentText} (default: now)`),
  requiredQuery('step', 'time between two points, such as `1m`'),
  query('align', 'whether `start` is rounded down, so that points lie at multiples of `step`', choice(['true', 'false'])),
]

const seriesFields = {
  'metric?': text('left out if metrics may be combined'),
  labels: ref('Labels'),
  'quantile?': number('0.99 is the 99th percentile'),
}

const incompleteField = {
  'incomplete?': integer('histograms that are left out, because the memory of the history had no room for all of their buckets'),
}

const catalogFields = {
  name: text(),
  kind: choice(['counter', 'gauge', 'histogram', 'summary']),
  'unit?': text('in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`'),
  'description?': text(),
  labels: list(text(), 'the names of its labels'),
  series: integer('its series in the history; of a histogram, without its buckets'),
}

/** The endpoints that read the history. */
export const queryEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/query': {
      get: {
        summary: 'A function of series at one time',
        parameters: [...functionParameters, query('time', `${momentText} (default: now)`)],
        responses: { 200: json(ref('QueryAnswer'), 'One value per series'), 400: badRequest },
      },
    },
    '/api/v1/query_range': {
      get: {
        summary: 'A function of series at every step of a range',
        parameters: [...functionParameters, ...rangeParameters],
        responses: {
          200: json(ref('RangeAnswer'), 'The points of each series'),
          400: badRequest,
        },
      },
    },
    '/api/v1/heatmap': {
      get: {
        summary: 'How many values fell into each bucket of histograms, at every step of a range',
        parameters: [
          { ...repeatable('metric', "up to 24 histograms' names"), required: true },
          labelParameter,
          ...rangeParameters,
        ],
        responses: { 200: json(ref('Heatmap'), 'The buckets and the steps'), 400: badRequest },
      },
    },
    '/api/v1/catalog': {
      get: {
        summary: 'All metrics: those of the catalog, and others that the history has',
        responses: { 200: json(ref('Catalog'), 'The metrics') },
      },
    },
    '/api/v1/catalog/{metric}': {
      get: {
        summary: 'One metric, with the values of its labels',
        parameters: [pathParameter('metric', "a metric's name")],
        responses: { 200: json(ref('CatalogMetricAnswer'), 'The metric'), 404: failure('There is no such metric.') },
      },
    },
  },
  schemas: {
    QuerySeries: object({ ...seriesFields, value: ref('JsonValue') }),
    QueryAnswer: object({ timeMs: timeMs(), ...incompleteField, series: list(ref('QuerySeries')) }),
    RangePoint: tuple([timeMs(), ref('JsonValue')], 'A time and the value at it.'),
    RangeSeries: object({ ...seriesFields, points: list(ref('RangePoint')) }),
    RangeAnswer: object({
      startMs: timeMs(),
      endMs: timeMs(),
      stepMs: number(),
      ...incompleteField,
      series: list(ref('RangeSeries')),
    }),
    HeatmapColumn: tuple(
      [timeMs('when the step ended'), list(number(), 'values in each bucket')],
      'How many values fell into each bucket in one step.',
    ),
    HeatmapExemplar: object(
      {
        metric: text(),
        labels: ref('Labels'),
        value: number('in the unit of the metric'),
        le: { anyOf: [number(), choice(['+Inf'])], description: 'the upper bound of its bucket' },
        timeMs: timeMs(),
        traceId: text('32 hexadecimal digits'),
        spanId: text('16 hexadecimal digits'),
      },
      'A recorded value with the trace that it belongs to.',
    ),
    Heatmap: object({
      startMs: timeMs(),
      endMs: timeMs(),
      stepMs: number(),
      ...incompleteField,
      bounds: list({ anyOf: [number(), choice(['+Inf'])] }, 'upper bounds of the buckets, ascending'),
      columns: list(ref('HeatmapColumn'), 'the steps in which values were recorded or none; unknown steps are left out'),
      'exemplars?': list(ref('HeatmapExemplar'), 'by time, the newest 500; left out if there are none'),
    }),
    CatalogMetric: object(catalogFields),
    Catalog: object({ metrics: list(ref('CatalogMetric'), 'sorted by name') }),
    CatalogMetricAnswer: object({
      ...catalogFields,
      values: record(list(text()), 'the values of each label, at most 1000 each'),
    }),
  },
}
