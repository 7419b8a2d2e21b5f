import { ruleFiles } from '@wombat/dashboards'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { ruleTestErrors } from '@wombat/test-support/promtool'
import { describe, expect, test } from 'vitest'

const { 'wombat-fleet.yaml': fleetFile = '' } = ruleFiles()
const complaints = ruleTestErrors.bind(undefined, { 'wombat-fleet.yaml': fleetFile })
const instance = (name: string): string => `db_store_info{store="orders",job="shop",instance="${name}"}`
const watchdog = 'alertname="Watchdog"'
const lost = 'alertname="InstanceLost"'

describe.skipIf(!areInstalled('promtool'))('alerts on instances', () => {
  test('a lost instance of several fires after ten minutes; the watchdog always does', async () => {
    const input = { [instance('a')]: '1x90', [instance('b')]: '1x90', [instance('c')]: '1x45 stale' }
    const firing = [
      { at: '40m', alerts: [watchdog] },
      { at: '50m', alerts: [watchdog] },
      { at: '60m', alerts: [watchdog, lost] },
    ]
    expect(await complaints({ interval: '1m', input, firing })).toBe('')
  })

  test('a deployment that replaces every instance is not a loss', async () => {
    const input = {
      [instance('a')]: '1x45 stale',
      [instance('b')]: '1x45 stale',
      [instance('c')]: '_x47 1x60',
      [instance('d')]: '_x47 1x60',
    }
    const firing = [40, 50, 60, 70, 80].map((minute) => ({ at: `${minute}m`, alerts: [watchdog] }))
    expect(await complaints({ interval: '1m', input, firing })).toBe('')
  })

  test.each([10, 60])('a single instance that started %d minutes ago is no loss', async (minutes) => {
    const input = { [instance('a')]: `_x${90 - minutes} 1x${minutes}` }
    expect(await complaints({ interval: '1m', input, firing: [{ at: '90m', alerts: [watchdog] }] })).toBe('')
  })
})
