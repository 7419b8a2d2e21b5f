import { type RuleFileOptions, ruleFiles } from '@wombat/dashboards'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { ruleTestErrors } from '@wombat/test-support/promtool'
import { describe, expect, test } from 'vitest'

const store = '{store="orders"}'
const burn = (alert: string, window: string): string => `alertname="${alert}",store="orders",long_window="${window}"`
const availabilityAlerts = (...windows: string[]): string[] => windows.map((window) => burn('AvailabilityBudgetBurn', window))
const latencyAlerts = (...windows: string[]): string[] => windows.map((window) => burn('LatencyBudgetBurn', window))

/** Without the default alerts, which fire on failures, too, and without those that always fire. */
function budgetFiles(options?: RuleFileOptions): Record<string, string> {
  const { 'wombat-alerts.yaml': _alerts, 'wombat-fleet.yaml': _fleet, ...others } = ruleFiles(options)
  return others
}

/** Returns ten gets per second for two hours, with these errors. */
const errors = (samples: string, operations = '0+600x120'): Record<string, string> => ({
  [`db_get_operations_total${store}`]: operations,
  [`db_get_errors_total${store}`]: samples,
})

/** No errors for an hour, then 20 % errors for ten minutes, then none. */
const outage = '0x59 0+120x10 1200x49'

describe.skipIf(!areInstalled('promtool'))('error budget alerts', () => {
  const complaints = ruleTestErrors.bind(undefined, budgetFiles())

  test('a fast burn fires in all windows, and each window resolves after the burn ends', async () => {
    const firing = [
      { at: '58m', alerts: [] },
      { at: '1h9m', alerts: availabilityAlerts('1h', '6h', '1d', '3d') },
      // The windows of 30 minutes and more still contain the outage; the window of five minutes does not.
      { at: '1h20m', alerts: availabilityAlerts('6h', '1d', '3d') },
      { at: '1h50m', alerts: availabilityAlerts('1d', '3d') },
    ]
    expect(await complaints({ interval: '1m', input: errors(outage), firing })).toBe('')
  })

  test('a slow burn fires in the longest window only', async () => {
    const firing = [
      { at: '1h', alerts: availabilityAlerts('3d') },
      { at: '2h', alerts: availabilityAlerts('3d') },
    ]
    expect(await complaints({ interval: '1m', input: errors('0+1.2x120'), firing })).toBe('')
  })

  test('an error rate within the budget does not fire', async () => {
    expect(await complaints({ interval: '1m', input: errors('0+0.5x120'), firing: [{ at: '2h', alerts: [] }] })).toBe('')
  })

  test('the alert contains the error share, the burn rate and the runbook URL', async () => {
    const files = budgetFiles({ objectives: { availability: 0.95 }, runbookUrl: 'https://wiki.example/budgets' })
    const alerts = (
      [
        ['critical', '1h', '5m', '14.4 times '],
        ['critical', '6h', '30m', '6 times '],
        ['warning', '1d', '2h', '3 times '],
        ['warning', '3d', '6h', ''],
      ] as const
    ).map(([severity, long_window, short_window, times]) => ({
      labels: { store: 'orders', severity, slo: 'availability', long_window, short_window },
      annotations: {
        summary: `100% of the operations of orders fail: the error budget of 5 % burns at more than ${times}the sustainable rate.`,
        runbook_url: 'https://wiki.example/budgets#errorbudgetburn',
      },
    }))
    const sent = [{ at: '1h', alert: 'AvailabilityBudgetBurn', alerts }]
    expect(await ruleTestErrors(files, { interval: '1m', input: errors('0+600x120'), sent })).toBe('')
  })

  test('a store without operations does not fire', async () => {
    const firing = [{ at: '2h', alerts: [] }]
    expect(await complaints({ interval: '1m', input: errors('0x120', '600x120'), firing })).toBe('')
    expect(await complaints({ interval: '1m', input: errors('6x120', '600x120'), firing })).toBe('')
  })

  test('one failure of one operation per minute does not fire', async () => {
    const one = errors('0x58 1x11', '0+1x70')
    expect(await complaints({ interval: '1m', input: one, firing: [{ at: '1h', alerts: [] }] })).toBe('')
    const withoutMinimum = budgetFiles({ objectives: { minimumOperations: 1 } })
    expect(await ruleTestErrors(withoutMinimum, { interval: '1m', input: one, firing: [{ at: '1h', alerts: [] }] })).toBe('')
    const five = errors('0x54 1 2 3 4 5x11', '0+1x70')
    const allWindows = [{ at: '1h', alerts: availabilityAlerts('1h', '6h', '1d', '3d') }]
    expect(await ruleTestErrors(withoutMinimum, { interval: '1m', input: five, firing: allWindows })).toBe('')
  })

  test('the traffic of one service does not hide the failures of another with the same store name', async () => {
    const input = {
      'db_get_operations_total{store="cache",job="orders"}': '0+600x70',
      'db_get_errors_total{store="cache",job="orders"}': '0+60x70',
      'db_get_operations_total{store="cache",job="users"}': '0+600000x70',
      'db_get_errors_total{store="cache",job="users"}': '0x70',
    }
    const values = [
      {
        at: '1h',
        expr: 'sum by (alertname, job, store) (ALERTS{alertstate="firing",long_window="1h"})',
        expected: { '{alertname="AvailabilityBudgetBurn",job="orders",store="cache"}': 1 },
      },
    ]
    expect(await complaints({ interval: '1m', input, values })).toBe('')
  })

  test('the latency budget burns if gets are slow and sets are fast', async () => {
    const input = {
      [`db_get_latency_seconds_bucket{store="orders",le="0.1"}`]: '0+300x70',
      [`db_get_latency_seconds_count${store}`]: '0+600x70',
      [`db_set_latency_seconds_bucket{store="orders",le="0.1"}`]: '0+600x70',
      [`db_set_latency_seconds_count${store}`]: '0+600x70',
    }
    const firing = [{ at: '1h', alerts: latencyAlerts('1h', '6h', '1d', '3d') }]
    expect(await complaints({ interval: '1m', input, firing })).toBe('')
  })
})
