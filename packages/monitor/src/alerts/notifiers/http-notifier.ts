import { boolean, optional, type Shape } from '../../validation/schema.ts'
import { isPrivateHost, parseHttpUrl } from './address-guard.ts'
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
import { readSecret, readSecretNow, type Secret } from './secret.ts'

/** Options of every notifier that posts to a service. */
export interface HttpNotifierOptions extends NotifierOptions {
  /** Time limit of each request, from its start to the last byte of the answer, in milliseconds (default 10,000). */
  readonly timeoutMs?: number
  /** Whether the URL may lead to a private, loopback or link-local address, and a proxy may be used (default false). */
  readonly allowPrivate?: boolean
}

/** Schema of these options. */
export const httpNotifierShape = {
  ...notifierShape,
  timeoutMs: optional(millisecondsSchema),
  allowPrivate: optional(boolean()),
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
  readonly shape: Shape
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
  const text = readSecretNow(secret)
  if (text === undefined) return
  const url = parseHttpUrl(text)
  if (url === null) throw new TypeError(`${creator}: the URL must be an http or https URL, and it is not`)
  if (!allowPrivate && isPrivateHost(url.hostname)) throw new TypeError(`${creator}: ${privateAddressMessage}`)
}
