import { AlertManager, type Sample, TimeSeries } from '@wombat/monitor'
import type { Scenario } from './scenario.ts'

/** One alert as Prometheus stores it: the labels of its series `ALERTS`. */
export type AlertLabels = Readonly<Record<string, string>>

/** Evaluates a scenario with AlertManager. Returns the pending and firing alerts of each evaluation. */
export function evaluateScenario({ series, ticks, intervalMs, evaluateEvery, clockStep, rule }: Scenario): AlertLabels[][] {
  const history = new TimeSeries({ intervalMs })
  const manager = new AlertManager([rule], history)
  const evaluations: AlertLabels[][] = []
  let offsetMs = startMs
  for (let tick = 0; tick < ticks; tick++) {
    if (tick === clockStep?.tick) {
      offsetMs += clockStep.deltaMs
      history.shift(clockStep.deltaMs)
      manager.shift(clockStep.deltaMs)
    }
    const nowMs = offsetMs + tick * intervalMs
    const scraped = series.filter(({ values }) => values[tick] !== 'not scraped')
    if (scraped.length > 0)
      history.append(
        nowMs,
        scraped.flatMap(({ series: one, values }): Sample[] => sampleAt(one, values[tick])),
      )
    if (tick % evaluateEvery !== 0) continue
    manager.evaluate(nowMs)
    const alerts = manager.alerts().filter(({ state }) => state.name !== 'resolved')
    evaluations.push(alerts.map(({ labels, state }) => ({ ...labels, alertstate: state.name })))
  }
  return evaluations
}

/** A whole number of the longest steps of the history; a clock step in a scenario is a number of hours. */
const startMs = 40 * 86_400_000

function sampleAt(series: Sample['series'], value: unknown): Sample[] {
  return typeof value === 'number' ? [{ series, value }] : []
}
