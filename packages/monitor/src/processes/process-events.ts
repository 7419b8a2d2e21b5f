import { threadId } from 'node:worker_threads'
import type { EventLog } from '../events/event-log.ts'
import type { WorkerChange } from './hub.ts'

/** Adds to the timeline that the monitoring of this process or thread has started. */
export function recordStart(events: EventLog): void {
  const details = { change: 'started', pid: process.pid, ...(threadId !== 0 && { thread: threadId }) } as const
  events.add({ kind: 'process', severity: 'info', title: 'Monitoring started', details })
}

/** Adds to the timeline that another process or thread has joined or ended. */
export function recordWorkerChange(events: EventLog, { change, worker, pid, thread, noun }: WorkerChange): void {
  events.add({
    kind: 'process',
    severity: change === 'lost' ? 'warning' : 'info',
    title: `A ${noun} ${change === 'joined' ? 'joined' : change === 'closed' ? 'ended' : 'was lost'}`,
    details: { change, worker, pid, ...(thread !== 0 && { thread }) },
  })
}
