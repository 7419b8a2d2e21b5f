import { connect, type Socket } from 'node:net'
import { listOf, optional, text } from '../../validation/schema.ts'
import type { Alert } from '../manager.ts'
import {
  type AlertGroup,
  DeliveryError,
  defaultRepeatMs,
  defaultTimeoutMs,
  millisecondsSchema,
  type Notifier,
  type NotifierOptions,
  notifierShape,
  validateOptions,
} from './notifier.ts'
import { readSecret, type Secret, secretSchema } from './secret.ts'

/** Options of `emailNotifier`. */
export interface EmailOptions extends NotifierOptions {
  /** Mail server: `smtps://user:password@host` or `smtp://host:25`. Pass a password as a file or an environment variable. */
  readonly server: Secret
  /** Sender address. */
  readonly from: string
  /** Recipient addresses. */
  readonly to: readonly string[]
  /** Time limit of one attempt, in milliseconds (default 10,000). */
  readonly timeoutMs?: number
}

const shape = {
  ...notifierShape,
  server: secretSchema,
  from: text('a mail address'),
  to: listOf(text('a mail address'), 'a list of mail addresses'),
  timeoutMs: optional(millisecondsSchema),
}

/**
 * Creates a notifier that sends mail with nodemailer, which the application installs. If it is not installed, each notification
 * fails with a log line.
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { emailNotifier } from '@wombat/monitor'
 *
 * const notifier = emailNotifier({ server: { env: 'SMTP_URL' }, from: 'wombat@example.org', to: ['oncall@example.org'] })
 * if (!notifier.sendResolved) throw new Error('expected resolved alerts to be sent')
 * ```
 */
export function emailNotifier(options: EmailOptions): Notifier {
  validateOptions('emailNotifier', shape, options)
  const { name = 'email', repeatMs = defaultRepeatMs, sendResolved = true, timeoutMs = defaultTimeoutMs, from, to } = options
  return {
    name,
    repeatMs,
    sendResolved,
    async send(group, signal) {
      const { createTransport } = await import('nodemailer').catch(() => {
        throw new DeliveryError('the package nodemailer is not installed: install it to send mail')
      })
      const server = await readSecret(options.server, 'the URL of the mail server')
      const transport = createTransport(server, {})
      const deadline = AbortSignal.timeout(timeoutMs)
      const end = AbortSignal.any([signal, deadline])
      // Nodemailer's own time limits are those between two bytes, and the connection outlives `close`.
      Object.assign(transport, { getSocket: openSocket(end) })
      const ended = new Promise<never>((_, reject) => {
        end.addEventListener('abort', () => reject(new DeliveryError(`the mail was not accepted within ${timeoutMs} ms`)), {
          once: true,
        })
      })
      ended.catch(() => {})
      try {
        const mail = { from, to: [...to], subject: formatSubject(group), text: formatBody(group) }
        await Promise.race([transport.sendMail(mail), ended])
      } finally {
        transport.close()
      }
    },
  }
}

interface MailServer {
  readonly host?: string
  readonly port?: number | string
  readonly secure?: boolean
}

type OpenSocket = (server: MailServer, done: (error: Error | null, opened?: { readonly connection: Socket }) => void) => void

/** Returns what opens the connection to a mail server, which is closed when the signal is aborted. */
function openSocket(signal: AbortSignal): OpenSocket {
  return ({ host = 'localhost', port, secure = false }, done) => {
    const connection = connect({ host, port: Number(port) || (secure ? 465 : 587), signal })
    connection.once('error', done)
    connection.once('connect', () => {
      connection.off('error', done)
      done(null, { connection })
    })
  }
}

function formatSubject({ rule, firing, resolved }: AlertGroup): string {
  return firing.length > 0 ? `[firing: ${firing.length}] ${rule}` : `[resolved: ${resolved.length}] ${rule}`
}

function formatBody({ firing, resolved }: AlertGroup): string {
  return [...formatSection('Firing', firing), ...formatSection('Resolved', resolved)].join('\n')
}

function formatSection(title: string, alerts: readonly Alert[]): string[] {
  return alerts.length === 0 ? [] : [title, '', ...alerts.map(formatAlert), '']
}

function formatAlert({ labels, annotations, state }: Alert): string {
  const lines = [...Object.entries(annotations), ...Object.entries(labels)].map(([key, value]) => `  ${key}: ${value}`)
  return [`- since ${new Date(state.activeAtMs).toISOString()}`, ...lines].join('\n')
}
