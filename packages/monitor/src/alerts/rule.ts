import type { Labels } from '@wombat/instrumentation'

export const severities = ['info', 'warning', 'critical', 'emergency'] as const
export type Severity = (typeof severities)[number]

/** A series of a metric and how it is compared. `above` and `below` are strict, as in PromQL. */
export type Condition =
  /** The newest value of each series. */
  | {
      readonly condition: 'metric_above' | 'metric_below'
      readonly metric: string
      readonly where?: Labels
      readonly threshold: number
    }
  /** No series has a value. */
  | { readonly condition: 'metric_absent'; readonly metric: string; readonly where?: Labels }
  /** The increase per second of each series or, with `by`, of all series that share these labels. */
  | {
      readonly condition: 'rate_above' | 'rate_below'
      readonly metric: string
      readonly where?: Labels
      readonly by?: readonly string[]
      readonly windowMs?: number
      readonly threshold: number
    }
  /** The rate of `metric` over the rate of `of`, for each set of labels or, with `by`, added up. */
  | {
      readonly condition: 'ratio_above' | 'ratio_below'
      readonly metric: string
      readonly of: string
      readonly where?: Labels
      readonly by?: readonly string[]
      readonly windowMs?: number
      readonly threshold: number
    }
  /** The newest value of `metric` over that of `of`, for each set of labels or, with `by`, added up. */
  | {
      readonly condition: 'share_above' | 'share_below'
      readonly metric: string
      readonly of: string
      readonly where?: Labels
      readonly by?: readonly string[]
      readonly threshold: number
    }
  /** A quantile over the window of each histogram or, with `by`, of those that share these labels. */
  | {
      readonly condition: 'quantile_above' | 'quantile_below'
      readonly metric: string
      readonly quantile: number
      readonly where?: Labels
      readonly by?: readonly string[]
      readonly windowMs?: number
      readonly threshold: number
    }
  /** What each series of a gauge will be `aheadMs` from now if it goes on as in the window. */
  | {
      readonly condition: 'forecast_above' | 'forecast_below'
      readonly metric: string
      readonly where?: Labels
      readonly windowMs?: number
      readonly aheadMs: number
      readonly threshold: number
    }

/** The window where a condition names none. */
export const defaultWindowMs = 5 * 60_000

/** One alert rule: data, judged in the process and compiled to a Prometheus rule alike. */
export type AlertRule = Condition & {
  readonly name: string
  readonly severity: Severity
  /** How long the condition must hold before the alert fires; 0 fires at the first evaluation. */
  readonly durationMs?: number
  /** How long it goes on firing after the condition ceased to hold. */
  readonly keepFiringForMs?: number
  /** While it fires, this threshold counts instead: leaving is harder than entering. */
  readonly clearThreshold?: number
  /** A second condition that must hold for the same labels, or the same `onlyIfBy`: enough traffic, for example. */
  readonly onlyIf?: Condition
  readonly onlyIfBy?: readonly string[]
  /**
   * What silence means. A series without data is fine (`resolve`, the default, as in Prometheus) or as before (`keep`); with
   * `alert` there is an alert while no series of the metric has a value.
   */
  readonly noData?: 'resolve' | 'keep' | 'alert'
  /** What a failed evaluation means: as before (default, as in Prometheus), or breached. */
  readonly onError?: 'keep' | 'alert'
  readonly labels?: Labels
  /** May hold `{{ labels.store }}`, `{{ value }}`, `{{ value | percent }}`, `{{ value | bytes }}`, `{{ value | duration }}`. */
  readonly annotations?: Labels
  readonly runbookUrl?: string
}

/** Whether a condition is about too much; else it is about too little, or nothing. */
export function isAbove({ condition }: Condition): boolean {
  return condition.endsWith('_above')
}
