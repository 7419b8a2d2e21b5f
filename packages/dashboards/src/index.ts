export { type PrometheusRule, prometheusRule } from './alert-rules.ts'
export { type Matchers, quantile, rate, selector } from './promql.ts'
