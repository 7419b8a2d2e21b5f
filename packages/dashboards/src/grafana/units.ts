import * as units from '@grafana/grafana-foundation-sdk/units'
import { type MetricName, metrics } from '@wombat/instrumentation'

/** Grafana's unit for a ratio from 0 to 1, shown as a percentage. */
export const ratioUnit: string = units.PercentUnit

/** Grafana's unit for a number without a unit. */
export const plainUnit: string = units.Short

const valueUnits: Readonly<Record<string, string>> = { s: units.Seconds, By: units.BytesIEC, '{ratio}': ratioUnit }
/** Seconds per second are a share of the time. */
const rateUnits: Readonly<Record<string, string>> = {
  s: ratioUnit,
  By: units.BytesPerSecondIEC,
  '{operation}': units.OpsPerSecond,
}

/** Returns Grafana's unit of a metric, from the UCUM unit in the metric catalog. */
export function grafanaUnit(name: MetricName): string {
  return valueUnits[metrics[name].unit] ?? plainUnit
}

/** Returns Grafana's unit of a counter's increase per second. */
export function grafanaRateUnit(name: MetricName): string {
  return rateUnits[metrics[name].unit] ?? units.CountsPerSecond
}

/** Returns a value with its unit as text: `16 GiB`. */
export function formatValue(value: number, unit: string): string {
  if (unit === ratioUnit) return `${Math.round(value * 1000) / 10} %`
  if (unit === units.Seconds) return `${value} s`
  if (unit !== units.BytesIEC || value < 1024) return String(value)
  const power = Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${value / 1024 ** power} ${['', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}
