import { expect, test } from 'vitest'
import { negotiateFormat, prefersGzip } from './exposition-format.ts'

const text = 'text/plain; version=0.0.4; charset=utf-8'
const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

// As the programs send them.
const clients: ReadonlyArray<[client: string, accept: string | undefined, contentType: string]> = [
  ['a client without preferences', undefined, text],
  ['curl', '*/*', text],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8', text],
  ['VictoriaMetrics', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', text],
  [
    'Prometheus 2.30',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    openMetrics,
  ],
  [
    'Prometheus 2.53',
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    openMetrics,
  ],
  [
    'Prometheus 3',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    `${openMetrics}; escaping=allow-utf-8`,
  ],
  [
    'Prometheus 3 with native histograms',
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    `${protobuf}; escaping=allow-utf-8`,
  ],
  [
    'Prometheus 3 that prefers text 1.0.0',
    'text/plain;version=1.0.0;escaping=underscores;q=0.6,text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.4,*/*;q=0.3',
    'text/plain; version=1.0.0; charset=utf-8; escaping=underscores',
  ],
]
for (const [client, accept, contentType] of clients) {
  test(`${client} gets ${contentType}`, () => {
    expect(negotiateFormat(accept).contentType).toBe(contentType)
  })
}

test('the times at which counting started are left out only for a client that would store them as series', () => {
  const openMetricsOnly = 'application/openmetrics-text;version=1.0.0,*/*;q=0.1'
  expect(negotiateFormat(openMetricsOnly).name).toBe('openmetrics')
  expect(negotiateFormat(`${openMetricsOnly},text/plain;version=0.0.4;q=0.3`).name).toBe('openmetrics-plain')
  expect(negotiateFormat(`${openMetricsOnly},text/plain;q=0.3,${protobuf};q=0.2`).name).toBe('openmetrics')
})

const others: ReadonlyArray<[why: string, accept: string, contentType: string]> = [
  [
    'the quality decides, not the order',
    'text/plain;version=0.0.4;q=0.1, application/openmetrics-text;version=1.0.0;q=0.2',
    openMetrics,
  ],
  ['a quality of 0 excludes a format', 'application/openmetrics-text;version=1.0.0;q=0, text/plain;version=0.0.4;q=0.1', text],
  ['types and parameters are the same in upper case', 'Application/OpenMetrics-Text; VERSION=1.0.0', openMetrics],
  ['parameters may be in quotes', 'application/openmetrics-text; version="1.0.0"', openMetrics],
  [
    'OpenMetrics without a version is the oldest one',
    'application/openmetrics-text',
    'application/openmetrics-text; version=0.0.1; charset=utf-8',
  ],
  ['an unknown version is left out', 'application/openmetrics-text;version=7.0.0,text/plain;version=0.0.4;q=0.1', text],
  ['protobuf in another encoding is left out', `${protobuf.replace('delimited', 'text')}, text/plain;q=0.1`, text],
  ['another message in protobuf is left out', 'application/vnd.google.protobuf;proto=a.b;encoding=delimited', text],
  ['an unknown escaping is not repeated', 'text/plain;version=1.0.0;escaping=x', 'text/plain; version=1.0.0; charset=utf-8'],
  ['what cannot be parsed is left out', ';;, ,=;q=z', text],
]
for (const [why, accept, contentType] of others) {
  test(`${why}`, () => {
    expect(negotiateFormat(accept).contentType).toBe(contentType)
  })
}

const encodings: ReadonlyArray<[acceptEncoding: string | undefined, wantsGzip: boolean]> = [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['gzip, deflate, br', true],
  ['GZIP;q=0.5', true],
  ['x-gzip', true],
  ['*', true],
  ['gzip;q=0', false],
  ['*;q=0.5, gzip;q=0', false],
  ['identity, gzip;q=0.5', false],
  ['identity;q=0.5, gzip', true],
  ['br', false],
]
for (const [acceptEncoding, wantsGzip] of encodings) {
  test(`the encoding ${acceptEncoding} is ${wantsGzip ? '' : 'not '}gzip`, () => {
    expect(prefersGzip(acceptEncoding)).toBe(wantsGzip)
  })
}
