import { createHash } from 'node:crypto'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { Alert } from '../manager.ts'

/** Alertmanager's way to say that an alert has not ended. */
const notEnded = '0001-01-01T00:00:00Z'

/** One alert as Alertmanager's webhooks have it. */
export function webhookAlert(alert: Alert) {
  const { labels, annotations, state } = alert
  return {
    status: state.name === 'resolved' ? ('resolved' as const) : ('firing' as const),
    labels,
    annotations,
    startsAt: new Date(startTime(alert)).toISOString(),
    endsAt: state.resolvedAtMs === undefined ? notEnded : new Date(state.resolvedAtMs).toISOString(),
    generatorURL: '',
    fingerprint: fingerprint(alert),
  }
}

/** When it began to fire. */
export function startTime({ state }: Alert): number {
  return state.firedAtMs ?? state.activeAtMs
}

/** The same for the same labels, whoever sends it. */
function fingerprint({ labels }: Alert): string {
  return createHash('sha256').update(seriesKey(labels)).digest('hex').slice(0, 16)
}
