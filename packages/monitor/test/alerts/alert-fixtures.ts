import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { Dispatcher, type DispatcherOptions } from '../../src/alerts/dispatcher.ts'
import type { Alert, Transition } from '../../src/alerts/manager.ts'
import type { Notifier } from '../../src/alerts/notifiers/notifier.ts'
import type { Logger } from '../../src/logger.ts'

/** Returns an alert that fired at 5 s and, if it is resolved, ended at 60 s. */
export function createAlert(name: 'firing' | 'resolved', overrides: Partial<Alert> = {}): Alert {
  const state = { name, activeAtMs: 0, firedAtMs: 5000, ...(name === 'resolved' && { resolvedAtMs: 60_000 }) }
  const labels = { alertname: 'Slow', severity: 'critical', store: 'orders' }
  return { rule: 'Slow', labels, annotations: { summary: 'orders is slow' }, value: 1, state, ...overrides }
}

export const toFiring = (alert: Alert): Transition => ({ atMs: 0, from: 'pending', to: 'firing', alert })
export const toResolved = (alert: Alert): Transition => ({ atMs: 0, from: 'firing', to: 'resolved', alert })

type LogLine = [level: string, message: string, fields: object]

/** Returns a logger and the lines that it logged. */
export function recordingLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push([level, message, fields])
  return { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}

/** Starts an HTTP server on loopback that answers with these statuses in turn, then with the last one, and with these headers. */
export async function startReceiver(...answers: Array<number | Record<string, string>>) {
  const statuses = answers.filter((answer) => typeof answer === 'number')
  const headers = Object.assign({}, ...answers.filter((answer) => typeof answer !== 'number'))
  const requests: Array<{ body: ReturnType<typeof JSON.parse>; headers: IncomingMessage['headers'] }> = []
  let answered = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ body: JSON.parse(Buffer.concat(chunks).toString()), headers: request.headers })
      const status = statuses[Math.min(answered++, statuses.length - 1)] ?? 200
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path` }
}

/** Returns a dispatcher that tries again after a few milliseconds, its log lines and what happened to its notifications. */
export function createDispatcher(notifier: Notifier, options: DispatcherOptions = {}) {
  const { logger, lines } = recordingLogger()
  const events: string[] = []
  const onEvent: DispatcherOptions['onEvent'] = (_, event) => void events.push(event)
  const dispatcher = new Dispatcher([notifier], logger, { backoffMs: 5, onEvent, ...options })
  const count = (event: string): number => events.filter((one) => one === event).length
  return { dispatcher, lines, count }
}
