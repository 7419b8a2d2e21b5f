/**
 * Generates Grafana dashboards, Prometheus rules and Collector configurations from the metric catalog, and checks a pipeline.
 *
 * @module @wombat/dashboards
 */

import './require-node.ts'

export { collectorConfig, type Route, type RouteAddresses, routeFiles, routes } from './collector-config.ts'
export { diagnose, type Hop, type PipelineOptions } from './doctor/diagnose.ts'
export { type Matchers, quantile, rate, type SeriesTransform, selector } from './promql.ts'
export { alertGroup, prometheusRule } from './rules/alert-rules.ts'
export { burnRateGroups } from './rules/burn-rates.ts'
export { type RuleFileOptions, ruleFiles } from './rules/default-rule-files.ts'
export type { Objectives } from './rules/objectives.ts'
export { recordingGroups } from './rules/recording-rules.ts'
export { type PrometheusRule, type RecordingRule, type RuleGroup, ruleFile } from './rules/rule-file.ts'
