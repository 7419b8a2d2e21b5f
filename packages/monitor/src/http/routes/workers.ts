import { Hono } from 'hono'
import type { WorkerState } from '../../processes/protocol.ts'

/** Provides the processes and threads whose metrics are added up. */
export interface WorkerSource {
  workers(): readonly WorkerState[]
}

/** Creates `GET /api/v1/workers`: the processes and threads whose metrics are served here, with the time of their last answers. */
export function workerRoutes(source: WorkerSource): Hono {
  return new Hono().get('/api/v1/workers', (context) => context.json({ workers: source.workers() }))
}
