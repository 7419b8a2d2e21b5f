import type { Labels } from '@wombat/instrumentation'
import type { Condition } from './conditions.ts'

/** Severities of alerts, the mildest first. */
export const severities = ['info', 'warning', 'critical', 'emergency'] as const
/** Severity of an alert. */
export type Severity = (typeof severities)[number]

/** Fields of an alert rule, beside those of its condition. */
export interface RuleFields {
  /** Unique name of the rule: letters, digits and underscores. */
  readonly name: string
  readonly severity: Severity
  /** How long the condition must hold before the alert fires, in milliseconds (default 0: fires at the first evaluation). */
  readonly durationMs?: number
  /** How long the alert keeps firing after the condition stopped holding, in milliseconds (default 0). */
  readonly keepFiringForMs?: number
  /** Replaces `threshold` while the alert fires, so that a value close to the threshold does not end and restart it. */
  readonly clearThreshold?: number
  /** A second condition that must hold for the same labels, for example a minimum of traffic. */
  readonly onlyIf?: Condition
  /** Compares only these labels with those of `onlyIf` (default: all labels). */
  readonly onlyIfBy?: readonly string[]
  /**
   * How series without data count: the alert resolves (`resolve`, the default, as in Prometheus), or keeps its state (`keep`).
   * With `alert`, it also fires while no series of the metric has a value.
   */
  readonly noData?: 'resolve' | 'keep' | 'alert'
  /** How a failed evaluation counts: alerts keep their state (`keep`, the default, as in Prometheus), or one fires (`alert`). */
  readonly onError?: 'keep' | 'alert'
  /** Labels that are added to each alert; they replace labels of the series. */
  readonly labels?: Labels
  /** Texts. `{{ labels.NAME }}`, `{{ value }}` and `{{ value | percent }}`, `| bytes` or `| duration` are filled in. */
  readonly annotations?: Labels
  /** Address of the runbook; becomes the annotation `runbook_url`. */
  readonly runbookUrl?: string
}

/** One alert rule: data that is evaluated in the process and compiled to a Prometheus rule, with the same result. */
export type AlertRule = Condition & RuleFields
