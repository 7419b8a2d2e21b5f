import { expect, test } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import type { Sample } from '../history/series.ts'
import { AlertManager } from './manager.ts'

test('a rule over db_alerts does not count its own alerts', () => {
  const history = new TimeSeries({ intervalMs: 10_000 })
  const count = (alertname: string): Sample => ({
    series: { name: 'db_alerts', labels: { alertname, severity: 'info', state: 'firing' }, isCounter: false },
    value: 1,
  })
  const rule = { name: 'Many', condition: 'metric_above', metric: 'db_alerts', threshold: 0, severity: 'info' } as const
  const manager = new AlertManager([rule], history)
  history.append(10_000, [count('Many')])
  manager.evaluate(10_000)
  expect(manager.alerts()).toEqual([])
  history.append(20_000, [count('Many'), count('Other')])
  manager.evaluate(20_000)
  expect(manager.alerts()).toMatchObject([{ rule: 'Many', state: { name: 'firing' } }])
})
