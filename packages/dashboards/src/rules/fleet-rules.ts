import { defaultRunbookUrl } from '@wombat/monitor'
import type { RuleGroup } from './rule-file.ts'

/**
 * Returns the alerts that no process can raise about itself: `InstanceLost`, if one of several instances has stopped to report, and
 * `Watchdog`, which always fires: route it to a receiver that alerts when it stops. `runbookUrl` is where you publish RUNBOOK.md of
 * `@wombat/monitor`.
 */
export function fleetGroup(runbookUrl: string = defaultRunbookUrl): RuleGroup {
  const instances = (offset: string): string => `count by (job) (group by (job, instance) (db_store_info${offset}))`
  return {
    name: 'wombat-fleet',
    interval: '30s',
    rules: [
      {
        alert: 'InstanceLost',
        // After a restart or a deployment the number is the same again within the time of `for`.
        expr: `${instances('')} < ${instances(' offset 30m')}`,
        for: '10m',
        labels: { severity: 'warning' },
        annotations: {
          summary: '{{ $labels.job }} has {{ $value }} instances that report stores, fewer than half an hour ago.',
          runbook_url: `${runbookUrl}#instancelost`,
        },
      },
      {
        alert: 'Watchdog',
        expr: 'vector(1)',
        labels: { severity: 'info' },
        annotations: {
          summary: 'Alerts are evaluated and delivered: this one always fires.',
          runbook_url: `${runbookUrl}#watchdog`,
        },
      },
    ],
  }
}
