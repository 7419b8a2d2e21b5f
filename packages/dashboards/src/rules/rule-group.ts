import type { PrometheusRule } from './alert-rules.ts'

/** One recording rule of a Prometheus rule file. */
export interface RecordingRule {
  readonly record: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Rules that Prometheus evaluates together, one after the other. */
export interface RuleGroup {
  readonly name: string
  /** How often; where it is left out, as often as Prometheus does by default. */
  readonly interval?: string
  readonly rules: ReadonlyArray<PrometheusRule | RecordingRule>
}
