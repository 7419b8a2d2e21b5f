export { type Matchers, quantile, rate, selector } from './promql.ts'
