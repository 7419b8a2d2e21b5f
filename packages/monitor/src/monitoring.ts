import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Alert } from './alerts/manager.ts'
import type { Snapshot } from './collection/snapshot.ts'
import type { RuntimeOptions } from './config/runtime-settings.ts'
import type { JsonMetric } from './exporters/json.ts'
import type { HealthReport } from './health/check.ts'
import type { HealthMonitor } from './health/monitor.ts'
import type { Addresses } from './http/servers.ts'
import type { ErrorHistory } from './operations/error-history.ts'
import type { SlowRecord } from './operations/slow-log.ts'

/** Monitoring that runs. Close it when the process ends: the last interval is sent then. */
export interface Monitoring extends AsyncDisposable {
  /** The numbers; record your own here. */
  readonly registry: MetricsRegistry
  readonly addresses: Addresses
  /** Measures the store from now on and gives back the very same store. @throws TypeError as `instrument` does. */
  instrument<Store extends object>(store: Store, options?: { readonly name?: string }): Store
  /** All metrics as they are now: what `/api/v1/metrics` answers. */
  metrics(): Promise<JsonMetric[]>
  /** The alerts that are pending or firing and, for a quarter of an hour, those that were resolved. */
  alerts(): Alert[]
  /** Reads `alertRulesFile` again. What lives goes on. @throws RuleError, and the rules stay as they were. */
  reloadAlertRules(): Promise<void>
  /** How everything is, and why: what the last runs of the checks found. Runs none. */
  health(): HealthReport
  /** The checks: register and unregister your own, run all of them now. */
  readonly healthMonitor: HealthMonitor
  /** From now on `/readyz` says no, so that no new requests come. Call it first when the process is to end; then wait, then close. */
  beginShutdown(): void
  /** The last slow operations, newest first. */
  slowOperations(): SlowRecord[]
  /** The last errors, their rate and their kinds. */
  readonly errors: ErrorHistory
  /** Changes how closely operations are looked at. @throws ConfigError, and nothing is changed. */
  adjust(changes: Partial<RuntimeOptions>): void
  /** All metrics as they are now, in full resolution. */
  snapshot(): Promise<Snapshot>
  /** All doors as one fetch handler, for a server that is there already. It does not know who asks: health says its status only. */
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** All doors as one Node handler, for a server that is there already. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Sends what is pending, closes the doors and stops every timer, within `closeTimeoutMs`. Never rejects; a second call waits for the first. */
  close(): Promise<void>
}
