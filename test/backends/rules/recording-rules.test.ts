import { ruleFiles } from '@wombat/dashboards'
import { operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { type RuleTest, ruleTestErrors } from '@wombat/test-support/promtool'
import { describe, expect, test } from 'vitest'

const store = '{store="orders"}'

/** A different rate for each operation: 60, 120, 180 and so on per minute. */
const allOperations = Object.fromEntries(
  operations.map((operation, index) => [`${operationMetrics(operation).operations}${store}`, `0+${60 * (index + 1)}x30`]),
)

/** Returns sixty gets per minute, `within` of them up to a bucket bound in the spelling of one route. */
const gets = (spelledBound: string, within: number): Record<string, string> => ({
  [`db_get_latency_seconds_bucket{store="orders",le="0.0005"}`]: '0+6x30',
  [`db_get_latency_seconds_bucket{store="orders",le="${spelledBound}"}`]: `0+${within}x30`,
  [`db_get_latency_seconds_bucket{store="orders",le="+Inf"}`]: '0+60x30',
  [`db_get_latency_seconds_count${store}`]: '0+60x30',
})

const slowRatio = 'service_store:db_latency_seconds_slow:ratio_rate5m'
const complaints = (test: RuleTest, latencySeconds = 0.1, nativeHistograms = false) =>
  ruleTestErrors(ruleFiles({ objectives: { latencySeconds, nativeHistograms } }), test)

describe.skipIf(!areInstalled('promtool'))('recording rules', () => {
  test('record the rate of every operation and of all together', async () => {
    const rates = Object.fromEntries(
      operations.map((operation, index) => [
        `service_store_operation:db_operations:rate5m{store="orders",operation="${operation}"}`,
        index + 1,
      ]),
    )
    const sum = (operations.length * (operations.length + 1)) / 2
    const values = [
      { at: '20m', expr: 'service_store_operation:db_operations:rate5m', expected: rates },
      {
        at: '20m',
        expr: 'service_store:db_operations:rate5m',
        expected: { 'service_store:db_operations:rate5m{store="orders"}': sum },
      },
    ]
    expect(await complaints({ interval: '1m', input: allOperations, values })).toBe('')
  })

  test('sum processes with the same store name and keep stores apart', async () => {
    const input = {
      'db_get_operations_total{store="orders",instance="a"}': '0+60x30',
      'db_get_operations_total{store="orders",instance="b"}': '0+120x30',
      'db_get_operations_total{store="users",instance="b"}': '0+60x30',
    }
    const expected = {
      'service_store:db_operations:rate1h{store="orders"}': 3,
      'service_store:db_operations:rate1h{store="users"}': 1,
    }
    // After half an hour, the rate over an hour is half the rate.
    const values = [{ at: '30m', expr: 'round(service_store:db_operations:rate1h * 2, 1)', expected: withoutNames(expected) }]
    expect(await complaints({ interval: '1m', input, values })).toBe('')
  })

  test('record the error ratio, and nothing without operations', async () => {
    const input = {
      [`db_get_operations_total${store}`]: '0+60x30 1800x30',
      [`db_set_operations_total${store}`]: '0+60x30 1800x30',
      [`db_get_errors_total${store}`]: '0x60',
      [`db_set_errors_total${store}`]: '0+6x30 180x30',
    }
    const ratio = 'service_store:db_errors:ratio_rate5m'
    const values = [
      { at: '20m', expr: `round(${ratio}, 0.0001)`, expected: { '{store="orders"}': 0.05 } },
      { at: '50m', expr: ratio, expected: {} },
    ]
    expect(await complaints({ interval: '1m', input, values })).toBe('')
  })

  test.each([
    ['0.1', 0.1],
    ['1', 1],
    ['1.0', 1],
    ['1e-05', 0.00001],
    ['0.00001', 0.00001],
  ])('record the ratio of slow gets for the bound spelling %s', async (spelled, latencySeconds) => {
    const values = [{ at: '20m', expr: `round(${slowRatio}, 0.0001)`, expected: { '{store="orders"}': 0.25 } }]
    expect(await complaints({ interval: '1m', input: gets(spelled, 45), values }, latencySeconds)).toBe('')
  })

  test('record the ratio of slow gets of native histograms, of those that have values, and of buckets where there are no others', async () => {
    const histogram = (count: number, buckets: string) =>
      `{{schema:0 sum:${count} count:${count} offset:-4 buckets:[${buckets}]}}`
    const input = {
      // Up to 62 ms, and above 125 ms.
      'db_get_latency_seconds{store="orders",instance="a"}': `${histogram(0, '0 0 0')}+${histogram(60, '45 0 15')}x30`,
      'db_get_latency_seconds{store="orders",instance="b"}': `${histogram(7, '7 0 0')}x30`,
      ...gets('0.1', 45),
    }
    const stores = Object.entries(input).map(([name, values]) => [
      name.replace('_bucket{store="orders"', '_bucket{store="users"').replace('_count{store="orders"', '_count{store="users"'),
      values,
    ])
    const values = [
      { at: '20m', expr: `round(${slowRatio}, 0.0001)`, expected: { '{store="orders"}': 0.25, '{store="users"}': 0.25 } },
    ]
    expect(await complaints({ interval: '1m', input: Object.fromEntries(stores), values }, 0.1, true)).toBe('')
  })

  test('with a wrong expected value fail the check', async () => {
    const values = [{ at: '20m', expr: `round(${slowRatio}, 0.0001)`, expected: { '{store="orders"}': 0.5 } }]
    expect(await complaints({ interval: '1m', input: gets('0.1', 45), values })).toContain('got: {store="orders"} 2.5E-01')
  })
})

/** Removes the metric names, as PromQL functions do. */
function withoutNames(samples: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(samples).map(([series, value]) => [series.slice(series.indexOf('{')), value]))
}
