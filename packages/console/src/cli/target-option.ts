import type { Target } from '../connection/target.ts'
import type { OptionValues } from './options.ts'
import { UsageError } from './usage-error.ts'

/** The default `jsonApiPort` of the monitor. */
const defaultUrl = 'http://127.0.0.1:8080'

/** The option that all commands have. */
export const targetOption = {
  connect: {
    value: 'URL',
    description: `JSON API of the process (default: WOMBAT_CONSOLE_URL, or ${defaultUrl}).`,
  },
} as const

/**
 * Returns the process to connect to: that of `--connect`, of `WOMBAT_CONSOLE_URL`, or the default. The token is read from the environment only,
 * because others on the machine can read command lines.
 *
 * @throws UsageError if the address is not one.
 */
export function parseTarget(values: OptionValues, environment: NodeJS.ProcessEnv): Target {
  // As for OpenTelemetry's variables, empty counts as not set.
  const variable = environment['WOMBAT_CONSOLE_URL'] || undefined
  const given = values.get('connect')
  const name = given !== undefined || variable === undefined ? '--connect' : 'WOMBAT_CONSOLE_URL'
  return { url: parseUrl(given ?? variable ?? defaultUrl, name), token: environment['WOMBAT_AUTH_TOKEN'] || undefined }
}

function parseUrl(text: string, name: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // A text with @ may have a password.
    const got = text.includes('@') ? '' : `, got ${JSON.stringify(text)}`
    const guess = /^[\w.-]+:\d+/.test(text) && !text.includes('@') ? `: did you mean http://${text}?` : ''
    throw new UsageError(`${name} must be a URL such as ${defaultUrl}${got}${guess}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`${name} must have no user name and password: set the token of the process in WOMBAT_AUTH_TOKEN`)
  }
  if (url.search !== '' || url.hash !== '' || /\/(api\/v\d|health|metrics)\b/.test(url.pathname)) {
    const base = url.origin + url.pathname.replace(/\/(api\/v\d|health|metrics)\b.*$/, '')
    throw new UsageError(`${name} must be the address of the process, without the path of an endpoint: did you mean ${base}?`)
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
