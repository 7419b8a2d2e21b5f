import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InstrumentOptions, MetricsRegistry } from '@wombat/instrumentation'
import type { Alert } from './alerts/manager.ts'
import type { Snapshot } from './collection/snapshot.ts'
import type { RuntimeOptions } from './config/runtime-settings.ts'
import type { AnnotationOptions } from './events/annotate.ts'
import type { JsonMetric } from './exporters/json.ts'
import type { HealthReport } from './health/check.ts'
import type { HealthMonitor } from './health/monitor.ts'
import type { ErrorHistory } from './operations/error-history.ts'
import type { SlowRecord } from './operations/slow-log.ts'
import type { Addresses, WorkerState } from './processes/protocol.ts'

/** Options of `Monitoring.instrument`: all of `instrument` but those that choose where to record. */
export type StoreOptions = Omit<InstrumentOptions, 'registry' | 'meterProvider' | 'semconv'>

/** Monitoring that is running. Close it before the process ends, to send the last interval. */
export interface Monitoring extends AsyncDisposable {
  /** The metrics of all stores; record your own here. */
  readonly registry: MetricsRegistry
  /** The URLs of the HTTP servers. */
  readonly addresses: Addresses
  /**
   * Measures a store from now on, and returns the same store. @throws TypeError if no adapter supports the store, or an option is
   * unknown or invalid.
   */
  instrument<Store extends object>(store: Store, options?: StoreOptions): Store
  /** Returns all metrics as they are now, as `/api/v1/metrics` does. */
  metrics(): Promise<JsonMetric[]>
  /** Returns the alerts that are pending or firing, and those that were resolved in the last 15 minutes. */
  alerts(): Alert[]
  /** Reads `alertRulesFile` again. Alerts of rules that remain keep their state. @throws RuleError; then the rules stay as they were. */
  reloadAlertRules(): Promise<void>
  /** Returns the results of the last health checks, with their causes. Runs no check. */
  health(): HealthReport
  /** The health monitor: registers and unregisters your own checks, and runs all checks on demand. */
  readonly healthMonitor: HealthMonitor
  /**
   * Sends what was recorded until now: over OTLP, and to the process or thread that collects. For processes that may be frozen or killed
   * before the next interval, such as functions in a cloud. Resolves when it has arrived or has failed, which is counted and logged, after
   * `closeTimeoutMs` at most. Never rejects.
   */
  flush(): Promise<void>
  /** Makes `/readyz` fail from now on, so that no new requests come. Call it first to shut down; then wait, then close. */
  beginShutdown(): void
  /** Returns the last slow operations, newest first. */
  slowOperations(): SlowRecord[]
  /** The last errors, their rate and their types. */
  readonly errors: ErrorHistory
  /** Returns the processes and threads whose metrics are added up here; none if this process is alone or another one collects. */
  workers(): readonly WorkerState[]
  /** Changes options while monitoring runs. @throws ConfigError; then no option is changed. */
  adjust(changes: Partial<RuntimeOptions>): void
  /**
   * Marks what the application does, such as a deployment or an import, on the charts of the console and in `GET /api/v1/events`. Returns a
   * function that marks its end.
   *
   * @param title a few words, at most 120 characters, without keys and values of the store.
   * @throws TypeError if the title or the store is not valid.
   */
  annotate(title: string, options?: AnnotationOptions): () => void
  /** Returns all metrics as they are now, in full resolution. */
  snapshot(): Promise<Snapshot>
  /**
   * Serves all endpoints from an existing server, as a fetch handler. The address of the client is unknown: without an `authToken`, the
   * health endpoints return only a status, and nothing can be changed.
   */
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** Serves all endpoints from an existing server, as a Node request handler. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /**
   * Sends pending notifications and metrics, stops the HTTP servers and every timer, and restores the registry. Takes at most about
   * `closeTimeoutMs`. Never rejects. A second call returns the promise of the first.
   */
  close(): Promise<void>
}
