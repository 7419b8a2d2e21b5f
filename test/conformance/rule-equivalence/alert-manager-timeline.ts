import { AlertManager, type Sample, TimeSeries } from '@wombat/monitor'
import type { Scenario } from './scenario.ts'

/** One alert as Prometheus stores it: the labels of its series `ALERTS`. */
export type AlertLabels = Readonly<Record<string, string>>

/** Evaluates a scenario with AlertManager. Returns the pending and firing alerts of each evaluation. */
export function evaluateScenario({ series, ticks, intervalMs, rule }: Scenario): AlertLabels[][] {
  const history = new TimeSeries({ intervalMs })
  const manager = new AlertManager([rule], history)
  return Array.from({ length: ticks }, (_, tick) => {
    const nowMs = tick * intervalMs
    const scraped = series.filter(({ values }) => values[tick] !== 'not scraped')
    if (scraped.length > 0)
      history.append(
        nowMs,
        scraped.flatMap(({ series: one, values }): Sample[] => sampleAt(one, values[tick])),
      )
    manager.evaluate(nowMs)
    return manager
      .alerts()
      .filter(({ state }) => state.name !== 'resolved')
      .map(({ labels, state }) => ({ ...labels, alertstate: state.name }))
  })
}

function sampleAt(series: Sample['series'], value: unknown): Sample[] {
  return typeof value === 'number' ? [{ series, value }] : []
}
