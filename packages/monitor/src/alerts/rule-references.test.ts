import { expect, test } from 'vitest'
import { validateRule } from './rule-schema.ts'

const base = { name: 'Rule', severity: 'info' }

test.each([
  [
    { condition: 'metric_above', metric: 'db_queue_dept', threshold: 1 },
    'metric: the catalog has no metric db_queue_dept: did you mean db_queue_depth?',
  ],
  [
    { condition: 'metric_above', metric: 'wombat_nothing_like_it', threshold: 1 },
    'metric: the catalog has no metric wombat_nothing_like_it; metrics of your own in rules must not start with db_ or wombat_',
  ],
  [
    { condition: 'metric_above', metric: 'dbqueue_depth', threshold: 1 },
    'metric: there is no metric dbqueue_depth: did you mean db_queue_depth?',
  ],
  [
    { condition: 'metric_above', metric: 'db_get_latency_seconds', threshold: 1 },
    'metric: db_get_latency_seconds is a histogram: use quantile_above or quantile_below, or one of its series db_get_latency_seconds_count and db_get_latency_seconds_sum',
  ],
  [
    { condition: 'quantile_above', metric: 'db_queue_depth', quantile: 0.5, threshold: 1 },
    'metric: a quantile needs a histogram, and db_queue_depth is a gauge',
  ],
  [
    { condition: 'quantile_above', metric: 'db_get_latency_seconds_bucket', quantile: 0.5, threshold: 1 },
    'metric: a quantile needs a histogram, and db_get_latency_seconds_bucket is a part of one: use db_get_latency_seconds',
  ],
  [
    { condition: 'rate_above', metric: 'db_queue_depth', threshold: 1 },
    'metric: a rate needs a counter, and db_queue_depth is a gauge',
  ],
  [
    { condition: 'ratio_above', metric: 'db_get_errors_total', of: 'db_get_operation_total', threshold: 1 },
    'of: the catalog has no metric db_get_operation_total: did you mean db_get_operations_total?',
  ],
  [
    { condition: 'metric_above', metric: 'db_queue_depth', where: { stores: 'a' }, threshold: 1 },
    'where: db_queue_depth has no label stores: did you mean store?',
  ],
  [
    { condition: 'rate_above', metric: 'db_get_errors_total', by: ['somewhere_else'], threshold: 1 },
    'by: db_get_errors_total has no label somewhere_else; its labels are store',
  ],
  [
    {
      condition: 'metric_above',
      metric: 'db_queue_depth',
      threshold: 1,
      onlyIf: { condition: 'rate_above', metric: 'db_of_something_else', threshold: 1 },
    },
    'onlyIf.metric: the catalog has no metric db_of_something_else; metrics of your own in rules must not start with db_ or wombat_',
  ],
])('%j cannot match', (condition, problem) => {
  expect(validateRule({ ...base, ...condition })).toEqual([problem])
})

test.each([
  { condition: 'metric_above', metric: 'app_requests_total', where: { anything: 'x' }, threshold: 1 },
  { condition: 'rate_above', metric: 'db_get_latency_seconds_count', threshold: 1 },
  { condition: 'rate_above', metric: 'db_get_latency_seconds_bucket', where: { le: '+Inf' }, threshold: 1 },
  { condition: 'metric_above', metric: 'db_get_operations_total', where: { otel_metric_overflow: 'true' }, threshold: 1 },
  { condition: 'quantile_above', metric: 'db_get_latency_seconds', by: ['store'], quantile: 0.9, threshold: 1 },
  { condition: 'quantile_above', metric: 'db_client_operation_duration_seconds', quantile: 0.9, threshold: 1 },
  { condition: 'metric_above', metric: 'db_alerts', where: { alertname: 'Other' }, threshold: 0 },
  { condition: 'metric_above', metric: 'db_entries_x', threshold: 0 },
])('%j is valid', (condition) => {
  expect(validateRule({ ...base, ...condition })).toEqual([])
})

test.each([
  [{ labels: { who: '{{ labels.store }}' } }, /labels must be an object of texts without placeholders/],
  [{ annotations: { summary: 'see {{ for more' } }, /annotations must be an object of texts with only these placeholders/],
  [{ annotations: { summary: '{{ value }} and {{ value' } }, /annotations must be/],
  [{ runbookUrl: 'https://x.example/{{ labels.store' }, /runbookUrl must be a URL/],
  [{ runbookUrl: 'https://x.example/{{ $labels.store }}' }, /runbookUrl must be a URL/],
])('%j would break the rule file', (fields, problem) => {
  const rule = { ...base, condition: 'metric_above', metric: 'db_queue_depth', threshold: 1, ...fields }
  expect(validateRule(rule).join()).toMatch(problem)
})
