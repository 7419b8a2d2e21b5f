import type { Alert } from '../manager.ts'
import { type AlertGroup, type Notifier, NotSentError } from './notifier.ts'
import { reveal, type Secret } from './secret.ts'

export interface EmailOptions {
  /** The server: `smtps://user:password@host` or `smtp://host:25`. It may hold a password: give it as a file or a variable. */
  readonly server: Secret
  readonly from: string
  readonly to: readonly string[]
  readonly name?: string
  readonly repeatMs?: number
  readonly sendResolved?: boolean
  readonly timeoutMs?: number
}

/** Sends mail through nodemailer, which the application installs. @throws Error at the first mail where it is not installed. */
export function emailNotifier(options: EmailOptions): Notifier {
  const { name = 'email', repeatMs = 4 * 3_600_000, sendResolved = true, timeoutMs = 10_000, from, to } = options
  return {
    name,
    repeatMs,
    sendResolved,
    async send(group) {
      const { createTransport } = await import('nodemailer').catch(() => {
        throw new NotSentError('nodemailer is not installed: mail is sent through it')
      })
      const server = await reveal(options.server, 'the address of the mail server')
      const transport = createTransport(server, {})
      Object.assign(transport.options, { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs })
      try {
        await transport.sendMail({ from, to: [...to], subject: formatSubject(group), text: formatBody(group) })
      } finally {
        transport.close()
      }
    },
  }
}

function formatSubject({ rule, firing, resolved }: AlertGroup): string {
  return firing.length > 0 ? `[firing: ${firing.length}] ${rule}` : `[resolved: ${resolved.length}] ${rule}`
}

function formatBody({ firing, resolved }: AlertGroup): string {
  const section = (title: string, alerts: readonly Alert[]): string[] =>
    alerts.length === 0 ? [] : [title, '', ...alerts.map(paragraph), '']
  return [...section('Firing', firing), ...section('Resolved', resolved)].join('\n')
}

function paragraph({ labels, annotations, state }: Alert): string {
  const lines = [...Object.entries(annotations), ...Object.entries(labels)].map(([key, value]) => `  ${key}: ${value}`)
  return [`- since ${new Date(state.activeAtMs).toISOString()}`, ...lines].join('\n')
}
