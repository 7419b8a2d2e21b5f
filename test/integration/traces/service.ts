import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stopProcess } from '@wombat/test-support/backend-process'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { createDamagedStore } from '@wombat/test-support/damaged-store'
import { httpRequest } from '@wombat/test-support/http-request'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { onTestFinished } from 'vitest'
import type { Ready } from './service-process.ts'

/** The span of a caller, which identifies a request. */
export interface Caller {
  readonly traceId: string
  readonly spanId: string
}

export interface Service extends Ready {
  /** Requests a path, within the span of the caller if there is one. */
  request(path: string, caller?: Caller): Promise<void>
  /** Stops the service and returns its log. */
  stop(): Promise<string>
}

/** Starts the service in a process of its own that sends its spans to `tracesUrl`. Its stores are monitored, or found by the instrumentation. */
export async function startService(tracesUrl: string, stores: 'monitored' | 'found'): Promise<Service> {
  const folder = await temporaryFolder()
  await createDamagedStore(join(folder, 'accounts'))
  const preload = new URL('tracing.ts', import.meta.url).href
  const child = fork(join(import.meta.dirname, 'service-process.ts'), [folder], {
    execArgv: [...nodeFlags, '--conditions=source', `--import=${preload}`],
    env: {
      ...cleanEnvironment(),
      STORES: stores,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesUrl,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  onTestFinished(() => stopProcess(child))
  const printed = text(child.stdout as NodeJS.ReadableStream)
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the service exited with ${code}`)))
  const [ready] = (await Promise.race([once(child, 'message'), failed])) as [Ready]
  failed.catch(() => {})
  return {
    ...ready,
    async request(path, caller) {
      const headers = caller === undefined ? {} : { traceparent: `00-${caller.traceId}-${caller.spanId}-01` }
      const { status } = await httpRequest(`${ready.url}${path}`, { headers })
      if (status !== 200) throw new Error(`${path} returned status ${status}`)
    },
    async stop() {
      await stopProcess(child)
      return printed
    },
  }
}
