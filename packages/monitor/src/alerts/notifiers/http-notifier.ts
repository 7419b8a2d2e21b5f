import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Alert } from '../manager.ts'
import { isPrivateHost } from './address-guard.ts'
import {
  type AlertGroup,
  defaultRepeatMs,
  defaultTimeoutMs,
  millisecondsSchema,
  type Notifier,
  type NotifierOptions,
  notifierShape,
  validateOptions,
} from './notifier.ts'
import { postJson, privateAddressMessage } from './post-json.ts'
import { readSecret, type Secret } from './secret.ts'

/** Options of every notifier that posts to a service. */
export interface HttpNotifierOptions extends NotifierOptions {
  /** Time limit of one attempt, in milliseconds (default 10,000). */
  readonly timeoutMs?: number
  /** Whether the URL may lead to a private, loopback or link-local address (default false). */
  readonly allowPrivate?: boolean
}

/** Schema of these options. */
export const httpNotifierShape = {
  ...notifierShape,
  timeoutMs: millisecondsSchema.optional(),
  allowPrivate: z.boolean().describe('true or false').optional(),
}

/** One POST request of a notification. */
export interface NotificationRequest {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** What differs between services. */
export interface HttpService<Options> {
  /** Name of the function that creates the notifier, for errors. */
  readonly creator: string
  /** Default of the option `name`. */
  readonly name: string
  readonly shape: Readonly<Record<string, z.ZodType>>
  /** The secrets of the options, by what they are for. */
  readonly secrets: (options: Options) => Readonly<Record<string, Secret | undefined>>
  /** Returns the requests of one notification, from the texts of the secrets. */
  readonly requests: (group: AlertGroup, texts: Readonly<Record<string, string>>, name: string) => NotificationRequest[]
}

/**
 * Creates a notifier that posts JSON to a service.
 *
 * @throws TypeError with every invalid option, and if a URL that is known already cannot work.
 */
export function httpNotifier<Options extends HttpNotifierOptions>(
  { creator, name: defaultName, shape, secrets, requests }: HttpService<Options>,
  options: Options,
): Notifier {
  validateOptions(creator, { ...shape, ...httpNotifierShape }, options)
  const { name = defaultName, repeatMs = defaultRepeatMs, sendResolved = true, allowPrivate = false } = options
  const { timeoutMs = defaultTimeoutMs } = options
  const named = Object.entries(secrets(options)).filter((entry): entry is [string, Secret] => entry[1] !== undefined)
  for (const [what, secret] of named) if (what.startsWith('URL')) checkKnownUrl(creator, secret, allowPrivate)
  return {
    name,
    repeatMs,
    sendResolved,
    async send(group, signal) {
      const texts: Record<string, string> = {}
      for (const [what, secret] of named) texts[what] = await readSecret(secret, `the ${what} of ${name}`)
      for (const { url, headers = {}, body } of requests(group, texts, name)) {
        await postJson(url, body, { headers, allowPrivate, timeoutMs, signal })
      }
    },
  }
}

/** A URL that cannot work is an error at the start, and not at the first alert. A file may be written later. */
function checkKnownUrl(creator: string, secret: Secret, allowPrivate: boolean): void {
  const text = readNow(secret)
  if (text === undefined) return
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${creator}: the URL must be an http or https URL, and it is not`)
  }
  if (!allowPrivate && isPrivateHost(url.hostname)) throw new TypeError(`${creator}: ${privateAddressMessage}`)
}

function readNow(secret: Secret): string | undefined {
  if (typeof secret === 'string') return secret
  if ('env' in secret) return process.env[secret.env] || undefined
  try {
    return readFileSync(secret.file, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** How many alerts one message lists. */
const maxListed = 20

/** Returns the title of a notification: `[FIRING: 2] StoreStalled`. */
export function groupTitle({ rule, firing, resolved }: AlertGroup): string {
  return firing.length > 0 ? `[FIRING: ${firing.length}] ${rule}` : `[RESOLVED: ${resolved.length}] ${rule}`
}

/** Returns a line for each alert, with its summary and its store, and what is left out. */
export function groupLines({ firing, resolved }: AlertGroup): string[] {
  const lines = [
    ...firing.map((alert) => `• ${alertSummary(alert)}`),
    ...resolved.map((alert) => `• resolved: ${alertSummary(alert)}`),
  ]
  const left = lines.length - maxListed
  return left > 0 ? [...lines.slice(0, maxListed), `… and ${left} more`] : lines
}

/** Returns the summary of an alert, or its labels if it has none. */
export function alertSummary({ annotations, labels, rule }: Alert): string {
  const text = Object.entries(labels).flatMap(([key, value]) => (key === 'alertname' ? [] : [`${key}=${value}`]))
  return annotations['summary'] ?? `${rule} (${text.join(', ')})`
}

/** Returns the worst severity of the alerts that fire; undefined if none does. */
export function groupSeverity({ firing }: AlertGroup): string | undefined {
  const order = ['info', 'warning', 'critical', 'emergency']
  const severities = firing.map(({ labels }) => labels['severity'] ?? 'info')
  return severities.sort((one, other) => order.indexOf(other) - order.indexOf(one))[0]
}

/** Returns the URL of the runbook of a rule; undefined if it has none. */
export function runbookUrl({ firing, resolved }: AlertGroup): string | undefined {
  const url = [...firing, ...resolved][0]?.annotations['runbook_url']
  return url !== undefined && URL.canParse(url) ? url : undefined
}

/** Returns a text of at most `length` characters. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, length - 1).toWellFormed()}…`
}
