import type { Alert } from '../manager.ts'
import { startTime } from './alert-fields.ts'
import type { AlertGroup, Notifier } from './notifier.ts'
import { postJson } from './post-json.ts'
import { reveal, type Secret } from './secret.ts'

export interface AlertmanagerOptions {
  /** The address of Alertmanager, without the path: `http://127.0.0.1:9093`. It may be on this machine or its network. */
  readonly url: Secret
  readonly authorization?: Secret
  readonly name?: string
  /** How often what fires is sent again (default a minute). */
  readonly repeatMs?: number
  readonly timeoutMs?: number
}

/** For how many repetitions an alert holds: when nobody repeats it any more, it resolves by itself. */
const holdsFor = 4

/** What Alertmanager's `POST /api/v2/alerts` takes. */
export function alertmanagerAlerts({ atMs, firing, resolved }: AlertGroup, repeatMs: number) {
  const fields = (alert: Alert, endsAtMs: number) => ({
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: new Date(startTime(alert)).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
  })
  return [
    ...firing.map((alert) => fields(alert, atMs + holdsFor * repeatMs)),
    ...resolved.map((alert) => fields(alert, alert.state.resolvedAtMs ?? atMs)),
  ]
}

/** Sends to Alertmanager, which groups, routes and silences. */
export function alertmanagerNotifier(options: AlertmanagerOptions): Notifier {
  const { name = 'alertmanager', repeatMs = 60_000, timeoutMs = 10_000 } = options
  return {
    name,
    repeatMs,
    sendResolved: true,
    async send(group, signal) {
      const url = await reveal(options.url, 'the address of Alertmanager')
      const authorization = options.authorization && (await reveal(options.authorization, 'the authorization for Alertmanager'))
      const headers = authorization === undefined ? {} : { authorization }
      const address = `${url.replace(/\/+$/, '')}/api/v2/alerts`
      await postJson(address, alertmanagerAlerts(group, repeatMs), { headers, allowPrivate: true, timeoutMs, signal })
    },
  }
}
