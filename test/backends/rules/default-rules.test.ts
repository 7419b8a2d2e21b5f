import { ruleFiles } from '@wombat/dashboards'
import { defaultRunbookUrl } from '@wombat/monitor'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { ruleTestErrors } from '@wombat/test-support/promtool'
import { describe, expect, test } from 'vitest'

const { 'wombat-alerts.yaml': alertFile = '' } = ruleFiles()
const complaints = ruleTestErrors.bind(undefined, { 'wombat-alerts.yaml': alertFile })

/** Prevents the alert NoData. */
const openStore = { 'db_store_info{store="orders"}': '1x60' }
const alert = (name: string): string => `alertname="${name}",store="orders"`

describe.skipIf(!areInstalled('promtool'))('in Prometheus', () => {
  test('StoreStalled fires at once and resolves when the store continues', async () => {
    const input = { ...openStore, 'db_oldest_operation_age_seconds{store="orders"}': '0x4 12 72 0x20' }
    const firing = [
      { at: '4m', alerts: [] },
      { at: '5m', alerts: [alert('StoreStalled')] },
      { at: '6m', alerts: [alert('StoreStalled')] },
      { at: '7m', alerts: [] },
    ]
    expect(await complaints({ interval: '1m', input, firing })).toBe('')
  })

  test('HighErrorRateSet fires after five minutes and resolves below 2 %', async () => {
    const input = {
      ...openStore,
      'db_set_operations_total{store="orders"}': '0+600x60',
      // 10 % errors for ten minutes, 3 % for ten, then none.
      'db_set_errors_total{store="orders"}': '0+60x10 618+18x9 780x30',
    }
    const firing = [
      { at: '5m', alerts: [] },
      { at: '10m', alerts: [alert('HighErrorRateSet')] },
      { at: '20m', alerts: [alert('HighErrorRateSet')] },
      { at: '30m', alerts: [] },
    ]
    expect(await complaints({ interval: '1m', input, firing })).toBe('')
  })

  test('DiskAlmostFull contains the free space with its unit', async () => {
    const input = { ...openStore, 'db_disk_available_bytes{store="orders"}': '52428800x60' }
    const sent = [
      {
        at: '10m',
        alert: 'DiskAlmostFull',
        alerts: [
          {
            labels: { store: 'orders', severity: 'emergency' },
            annotations: {
              summary: 'Only 50MiB are free on the volume of orders: writes are about to fail.',
              runbook_url: `${defaultRunbookUrl}#diskalmostfull`,
            },
          },
        ],
      },
    ]
    expect(await complaints({ interval: '1m', input, sent })).toBe('')
  })

  test('LevelZeroPileUp contains the number of files and the runbook section', async () => {
    const input = {
      ...openStore,
      'db_level_files{store="orders",level="0"}': '14x60',
      'db_level_files{store="orders",level="1"}': '90x60',
    }
    const sent = [
      {
        at: '10m',
        alert: 'LevelZeroPileUp',
        alerts: [
          {
            labels: { store: 'orders', level: '0', severity: 'warning' },
            annotations: {
              summary: 'Level 0 of orders has 14 files: compaction is falling behind, and writes may stall.',
              runbook_url: `${defaultRunbookUrl}#levelzeropileup`,
            },
          },
        ],
      },
    ]
    expect(await complaints({ interval: '1m', input, sent })).toBe('')
  })

  test('NoData fires if no store is measured', async () => {
    const firing = [{ at: '10m', alerts: ['alertname="NoData"'] }]
    expect(await complaints({ interval: '1m', input: {}, firing })).toBe('')
  })
})
