import { installed } from '@wombat/test-support/backend-programs'
import { panelQueries } from '@wombat/test-support/panel-queries'
import { ruleTestComplaints } from '@wombat/test-support/promtool'
import { describe, expect, test } from 'vitest'

type Samples = Readonly<Record<string, number>>

/** What promtool has against these answers to panels, `dashboard: title`, with all chosen; nothing where they are right. */
async function complaints(input: Readonly<Record<string, string>>, answers: Readonly<Record<string, Samples>>): Promise<string> {
  const values = Object.entries(answers).map(([place, are]) => {
    const query = panelQueries().find(({ dashboard, panel }) => `${dashboard}: ${panel}` === place)
    if (query === undefined) throw new Error(`no panel ${place}`)
    return { at: '2m', expr: query.expr, are }
  })
  return ruleTestComplaints({}, { interval: '15s', input, values })
}

describe.skipIf(!installed('promtool'))('a panel', () => {
  test('shows the fullest of several processes: no part is held against the whole of another', async () => {
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
      // By a label that the panel does not know, as some routes have it.
      'wombat_process_resident_memory_bytes{pod="one"}': '90x8',
      'wombat_process_memory_limit_bytes{pod="one"}': '100x8',
      'wombat_process_resident_memory_bytes{pod="two"}': '100x8',
      'wombat_process_memory_limit_bytes{pod="two"}': '1000x8',
    }
    const answers = {
      'overview: Free disk space ratio': { '{store="orders"}': 0.02 },
      'engine: Free disk space ratio': { '{store="orders"}': 0.02 },
      'engine: Memory map utilization': { '{store="orders"}': 0.9 },
      'overview: Memory utilization': { '{}': 0.9 },
    }
    expect(await complaints(input, answers)).toBe('')
  })

  test('of write amplification says nothing while nothing is flushed: it is not infinite', async () => {
    const input = {
      'db_flush_bytes_total{store="idle"}': '100x8',
      'db_compaction_output_bytes_total{store="idle"}': '0+60x8',
      'db_flush_bytes_total{store="orders"}': '0+15x8',
      'db_compaction_output_bytes_total{store="orders"}': '0+45x8',
    }
    expect(await complaints(input, { 'engine: Write amplification': { '{store="orders"}': 4 } })).toBe('')
  })

  test.each(['overview', 'fleet'])(
    'of alerts on %s says 0 where they are judged, and nothing where nobody judges',
    async (where) => {
      const asked = (input: Readonly<Record<string, string>>, are: Samples) =>
        complaints({ 'db_store_info{store="orders"}': '1x8', ...input }, { [`${where}: Firing alerts`]: are })
      const evaluations = 'wombat_monitor_alert_evaluations_total{instance="one"}'
      expect(await asked({}, {})).toBe('')
      expect(await asked({ [evaluations]: '9x8' }, {})).toBe('')
      expect(await asked({ [evaluations]: '0+1x8' }, { '{}': 0 })).toBe('')
      const firing = { 'db_alerts{alertname="A",store="orders",state="firing"}': '1x8' }
      expect(await asked({ [evaluations]: '0+1x8', ...firing }, { '{}': 1 })).toBe('')
    },
  )

  test('of checks says 0 where all are healthy, and nothing where none has run', async () => {
    const check = (status: string) => `db_health_status{store="orders",check="disk",status="${status}"}`
    const asked = (input: Readonly<Record<string, string>>, are: Samples) =>
      complaints({ 'db_store_info{store="orders"}': '1x8', ...input }, { 'fleet: Health checks not healthy': are })
    expect(await asked({}, {})).toBe('')
    expect(await asked({ [check('healthy')]: '1x8', [check('critical')]: '0x8' }, { '{}': 0 })).toBe('')
    expect(await asked({ [check('healthy')]: '0x8', [check('critical')]: '1x8' }, { '{}': 1 })).toBe('')
  })

  test('of stores that are gone counts those that were there, and no more are', async () => {
    const info = (instance: string) => `db_store_info{store="orders",instance="${instance}"}`
    const asked = (input: Readonly<Record<string, string>>, are: Samples) => complaints(input, { 'fleet: Missing stores': are })
    expect(await asked({}, {})).toBe('')
    expect(await asked({ [info('one')]: '1x8' }, { '{}': 0 })).toBe('')
    expect(await asked({ [info('one')]: '1x8', [info('two')]: '1x3 stale' }, { '{}': 1 })).toBe('')
    expect(await asked({ [info('two')]: '1x3 stale' }, { '{}': 1 })).toBe('')
  })
})
