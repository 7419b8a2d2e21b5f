import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context, MiddlewareHandler } from 'hono'
import type { EventDetails } from '../events/event.ts'
import type { EventLog } from '../events/event-log.ts'
import type { Logger } from '../logger.ts'
import { TokenBucket } from '../operations/token-bucket.ts'
import type { Access } from './access.ts'
import { type Authentication, addressField } from './authentication.ts'

export interface AuditOptions {
  readonly authentication: Authentication
  readonly logger: Logger
  readonly events: EventLog
  /** Counts the changes. */
  readonly registry: MetricsRegistry
}

type AuditResult = EventDetails['audit']['result']

/** A path may end in what a client has made up. */
const maxPathLength = 100

/**
 * Writes one log line, and adds one event, for each request that changes something or wants to: who sent it, from where, what it changes and
 * what became of it. Requests that are refused have a limited number of lines and events, and are all counted: anybody can send them.
 */
export function auditChanges({ authentication, logger, events, registry }: AuditOptions): MiddlewareHandler<Access> {
  const refusedLines = new TokenBucket()
  return async (context, next) => {
    const { method } = context.req
    if (method === 'GET' || method === 'HEAD') return next()
    // Afterwards it may not be accepted any more.
    const who = nameOf(context, authentication)
    await next()
    const { status } = context.res
    const result = resultOf(status)
    registry.incrementCounter('wombat_monitor_changes_total', 1, { result })
    const line = result === 'changed' ? { suppressed: 0 } : refusedLines.take(performance.now())
    if (line === undefined) return
    const change = `${method} ${context.req.path.replace(/[^\w/.-]/g, '_').slice(0, maxPathLength)}`
    const fields = {
      who,
      ...addressField(context),
      change,
      result,
      status,
      ...(context.get('change') !== undefined && { details: context.get('change') }),
      ...(line.suppressed > 0 && { suppressed: line.suppressed }),
    }
    if (result === 'changed') logger.info(fields, 'a change was made over HTTP')
    else logger.warn(fields, `a change over HTTP was ${result === 'failed' ? 'not made: it failed' : result}`)
    events.add({
      kind: 'audit',
      severity: result === 'changed' ? 'info' : 'warning',
      title: result === 'changed' ? 'Change over HTTP' : 'Change over HTTP not made',
      details: { who, change, result },
    })
  }
}

/** Returns what the log calls a client. Without credentials, only this machine may change something. */
function nameOf(context: Context<Access>, authentication: Authentication): string {
  return authentication.identify(context)?.name ?? (authentication.canChange(context) ? 'this machine' : 'unknown')
}

function resultOf(status: number): AuditResult {
  if (status < 400) return 'changed'
  if (status === 403 || status === 401) return 'refused'
  return status < 500 ? 'rejected' : 'failed'
}
