import { randomBytes } from 'node:crypto'
import { ConfigError, type ErrorEntry, explainConfig, type MonitoringConfig } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { type ApplicationOutputs, runApplication } from './application.ts'
import { findEncodings } from './encodings.ts'
import { createSecrets, type TestSecrets } from './secrets.ts'

/** Returns one line for each secret found in an output: the output, the secret and its encoding. */
function findLeaks({ secrets, outputs }: ApplicationOutputs): string[] {
  const found = [...outputs].flatMap(([output, parts]) =>
    Object.entries(secrets).flatMap(([name, secret]) =>
      parts.flatMap((part) => findEncodings(part, secret).map((encoding) => `${output}: ${name} (${encoding})`)),
    ),
  )
  return [...new Set(found)]
}

/** Returns a text that the output must contain, which proves that the search works: the store name, or a header if the output has none. */
function expectedText(output: string, control: string): string {
  const hasNoStoreName =
    /^(logins and changes|GET (.* (without a|with a wrong) token|\/(livez(\?verbose)?|api\/v1\/query\?metric=CONTROL.*)? with the token))$/
  return hasNoStoreName.test(output) ? 'nosniff' : control
}

test('the search finds a secret in every encoding and at every offset', () => {
  const secret = `planted${randomBytes(12).toString('hex')}`
  for (const before of ['', '-', '--', '---']) {
    const text = Buffer.from(`${before}${secret}--`)
    const encoded: Record<string, string | Buffer> = {
      plain: `${before}${secret.toUpperCase()}`,
      'percent-encoded': text.toString('hex').replace(/../g, '%$&').toUpperCase(),
      hex: text.toString('hex'),
      'UTF-16': Buffer.from(`${before}${secret}`, 'utf16le'),
      [`base64, shifted by ${before.length % 3}`]: text.toString('base64'),
    }
    for (const [encoding, output] of Object.entries(encoded)) expect(findEncodings(output, secret)).toContain(encoding)
  }
  expect(findEncodings('nothing is here', secret)).toEqual([])
})

test.each([
  { redacted: undefined, isRejected: false },
  { redacted: 'all that is shown', isRejected: true },
])('no secret leaves a process with every output enabled: $redacted', async (given) => {
  const found = await runApplication(given)
  const { control, outputs } = found
  const silent = [...outputs].filter(
    ([way, output]) => !output.some((one) => findEncodings(one, expectedText(way, control)).includes('plain')),
  )
  expect(silent.map(([way]) => way)).toEqual([])
  expect(findLeaks(found)).toEqual([])
  const errors = JSON.parse(String(outputs.get('in code: errors'))) as ErrorEntry[]
  // Errors of every kind of store, and of stores that could not be opened.
  expect(errors.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(8)
  expect(new Set(errors.map(({ message }) => message))).toEqual(new Set([given.redacted]))
  expect(String(outputs.get('GET /api/v1/errors with the token')).includes('"message"')).toBe(given.redacted !== undefined)
})

/** Configurations with an invalid value that contains a secret. */
function invalidConfigs({ authToken, webhookUrl, alertmanagerUrl, otlpUrl, otlpHeader }: TestSecrets): Record<string, unknown>[] {
  return [
    { authToken: `${authToken} with blanks` },
    { alertWebhookUrl: `ftp://chat/${webhookUrl}` },
    { alertmanagerUrl: `user:${alertmanagerUrl}@host` },
    { otlp: { headers: { authorization: [otlpHeader] } } },
    { otlp: { headers: `authorization=${otlpHeader}` } },
    { otlp: { url: `user:${otlpUrl}@collector` } },
    { otlp: { url: [otlpUrl] } },
    { otlp: `https://user:${otlpHeader}@collector` },
    { notifiers: `https://chat/${webhookUrl}` },
    { notifiers: [`https://chat/${webhookUrl}`] },
    { health: `https://user:${otlpHeader}@host` },
    { resource: otlpHeader },
    { errorRedactor: otlpHeader },
    { logger: otlpHeader },
    { tracerProvider: otlpHeader },
  ]
}

function configErrorText(config: MonitoringConfig, environment: Record<string, string> = {}): string {
  try {
    explainConfig(config, environment)
  } catch (error) {
    if (error instanceof ConfigError) return [error.message, error.stack, ...error.problems].join('\n')
    throw error
  }
  throw new Error('the configuration is valid')
}

test('no configuration error contains a secret, whether the value comes from code or from the environment', () => {
  const secrets = createSecrets()
  const control = 'controlled'
  const variables = {
    WOMBAT_AUTH_TOKEN: `${secrets.authToken} with blanks`,
    WOMBAT_ALERT_WEBHOOK_URL: `ftp://chat/${secrets.webhookUrl}`,
    WOMBAT_ALERTMANAGER_URL: `user:${secrets.alertmanagerUrl}@host`,
    WOMBAT_ALERT_TOKEN: secrets.authToken,
  }
  const complaints = [
    ...invalidConfigs(secrets).map((config) => [
      JSON.stringify(config),
      configErrorText({ ...config, logLevel: control as never }),
    ]),
    ...Object.entries(variables).map(([name, text]) => [name, configErrorText({}, { [name]: text, WOMBAT_LOG_LEVEL: control })]),
  ]
  for (const [, complaint] of complaints) expect(complaint).toContain(control)
  const outputs = new Map(complaints.map(([name = '', complaint = '']) => [name, [Buffer.from(complaint)]]))
  expect(findLeaks({ secrets, control, outputs })).toEqual([])
})
