import * as units from '@grafana/grafana-foundation-sdk/units'
import { type MetricName, metrics } from '@wombat/instrumentation'

/** What a share is shown in, such as that of operations that fail. */
export const share: string = units.PercentUnit

/** What a plain number is shown in: how many times as much, for example. */
export const plain: string = units.Short

const valueUnits: Readonly<Record<string, string>> = { s: units.Seconds, By: units.BytesIEC, '{ratio}': share }
/** A second in each second is a share of the time. */
const rateUnits: Readonly<Record<string, string>> = { s: share, By: units.BytesPerSecondIEC, '{operation}': units.OpsPerSecond }

/** Grafana's unit of a metric's values, from the catalogue's in UCUM. */
export function grafanaUnit(name: MetricName): string {
  return valueUnits[metrics[name].unit] ?? plain
}

/** Grafana's unit of a counter's increase per second. */
export function grafanaRateUnit(name: MetricName): string {
  return rateUnits[metrics[name].unit] ?? units.CountsPerSecond
}

/** A number with its unit, for a sentence: `16 GiB`. */
export function unitName(value: number, unit: string): string {
  if (unit === share) return `${Math.round(value * 1000) / 10} %`
  if (unit === units.Seconds) return `${value} s`
  if (unit !== units.BytesIEC || value < 1024) return String(value)
  const power = Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${value / 1024 ** power} ${['', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}
