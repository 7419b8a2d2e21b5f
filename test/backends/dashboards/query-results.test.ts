import { areInstalled } from '@wombat/test-support/backend-programs'
import { panelQueries } from '@wombat/test-support/panel-queries'
import { ruleTestErrors } from '@wombat/test-support/promtool'
import { describe, expect, test } from 'vitest'

type Samples = Readonly<Record<string, number>>

/** Returns promtool's errors if panels, as `dashboard: title`, have other results with all variables set to All. */
async function mismatches(input: Readonly<Record<string, string>>, expected: Readonly<Record<string, Samples>>): Promise<string> {
  const values = Object.entries(expected).map(([title, samples]) => {
    const query = panelQueries().find(({ dashboard, panel }) => `${dashboard}: ${panel}` === title)
    if (query === undefined) throw new Error(`no panel ${title}`)
    return { at: '2m', expr: query.expr, expected: samples }
  })
  return ruleTestErrors({}, { interval: '15s', input, values })
}

describe.skipIf(!areInstalled('promtool'))('a panel', () => {
  test('shows the highest ratio among processes, each divided by its own capacity', async () => {
    const one = '{store="orders",instance="one"}'
    const two = '{store="orders",instance="two"}'
    const input = {
      [`db_disk_available_bytes${one}`]: '10x8',
      [`db_disk_capacity_bytes${one}`]: '20x8',
      [`db_disk_available_bytes${two}`]: '20x8',
      [`db_disk_capacity_bytes${two}`]: '1000x8',
      [`db_map_used_bytes${one}`]: '9x8',
      [`db_map_bytes${one}`]: '10x8',
      [`db_map_used_bytes${two}`]: '10x8',
      [`db_map_bytes${two}`]: '1000x8',
      // With a label that no route sets.
      'wombat_process_resident_memory_bytes{pod="one"}': '90x8',
      'wombat_process_memory_limit_bytes{pod="one"}': '100x8',
      'wombat_process_resident_memory_bytes{pod="two"}': '100x8',
      'wombat_process_memory_limit_bytes{pod="two"}': '1000x8',
    }
    const expected = {
      'overview: Free disk space ratio': { '{store="orders"}': 0.02 },
      'engine: Free disk space ratio': { '{store="orders"}': 0.02 },
      'engine: Memory map utilization': { '{store="orders"}': 0.9 },
      'overview: Memory utilization': { '{}': 0.9 },
    }
    expect(await mismatches(input, expected)).toBe('')
  })

  test('of write amplification is empty without flushes, not infinite', async () => {
    const input = {
      'db_flush_bytes_total{store="idle"}': '100x8',
      'db_compaction_output_bytes_total{store="idle"}': '0+60x8',
      'db_flush_bytes_total{store="orders"}': '0+15x8',
      'db_compaction_output_bytes_total{store="orders"}': '0+45x8',
    }
    expect(await mismatches(input, { 'engine: Write amplification': { '{store="orders"}': 4 } })).toBe('')
  })

  test.each(['overview', 'fleet'])('of firing alerts on %s is 0 if rules are evaluated, and empty if not', async (dashboard) => {
    const errorsFor = (input: Readonly<Record<string, string>>, expected: Samples) =>
      mismatches({ 'db_store_info{store="orders"}': '1x8', ...input }, { [`${dashboard}: Firing alerts`]: expected })
    const evaluations = 'wombat_monitor_alert_evaluations_total{instance="one"}'
    expect(await errorsFor({}, {})).toBe('')
    expect(await errorsFor({ [evaluations]: '9x8' }, {})).toBe('')
    expect(await errorsFor({ [evaluations]: '0+1x8' }, { '{}': 0 })).toBe('')
    const firing = { 'db_alerts{alertname="A",store="orders",state="firing"}': '1x8' }
    expect(await errorsFor({ [evaluations]: '0+1x8', ...firing }, { '{}': 1 })).toBe('')
  })

  test('of health checks is 0 if all are healthy, and empty if none has run', async () => {
    const check = (status: string) => `db_health_status{store="orders",check="disk",status="${status}"}`
    const errorsFor = (input: Readonly<Record<string, string>>, expected: Samples) =>
      mismatches({ 'db_store_info{store="orders"}': '1x8', ...input }, { 'fleet: Health checks not healthy': expected })
    expect(await errorsFor({}, {})).toBe('')
    expect(await errorsFor({ [check('healthy')]: '1x8', [check('critical')]: '0x8' }, { '{}': 0 })).toBe('')
    expect(await errorsFor({ [check('healthy')]: '0x8', [check('critical')]: '1x8' }, { '{}': 1 })).toBe('')
  })

  test('of missing stores counts stores that existed in the time range and do not exist now', async () => {
    const info = (instance: string) => `db_store_info{store="orders",instance="${instance}"}`
    const errorsFor = (input: Readonly<Record<string, string>>, expected: Samples) =>
      mismatches(input, { 'fleet: Missing stores': expected })
    expect(await errorsFor({}, {})).toBe('')
    expect(await errorsFor({ [info('one')]: '1x8' }, { '{}': 0 })).toBe('')
    expect(await errorsFor({ [info('one')]: '1x8', [info('two')]: '1x3 stale' }, { '{}': 1 })).toBe('')
    expect(await errorsFor({ [info('two')]: '1x3 stale' }, { '{}': 1 })).toBe('')
  })
})
