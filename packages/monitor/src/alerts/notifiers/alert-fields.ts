import { createHash } from 'node:crypto'
import { identityOf } from '@wombat/instrumentation'
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
    startsAt: new Date(startOf(alert)).toISOString(),
    endsAt: state.resolvedAtMs === undefined ? notEnded : new Date(state.resolvedAtMs).toISOString(),
    generatorURL: '',
    fingerprint: fingerprintOf(alert),
  }
}

/** When it began to fire. */
export function startOf({ state }: Alert): number {
  return state.firedAtMs ?? state.activeAtMs
}

/** The same for the same labels, whoever sends it. */
function fingerprintOf({ labels }: Alert): string {
  return createHash('sha256').update(identityOf(labels)).digest('hex').slice(0, 16)
}
