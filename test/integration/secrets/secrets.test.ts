import { randomBytes } from 'node:crypto'
import { ConfigError, type ErrorEntry, explainConfig, type MonitoringConfig } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { type ApplicationOutputs, runApplication } from './application.ts'
import { findEncodings } from './encodings.ts'
import { createSecrets, type TestSecrets } from './secrets.ts'

/** Every secret that is in an output: where, which, and in what disguise. */
function findLeaks({ secrets, outputs }: ApplicationOutputs): string[] {
  const found = [...outputs].flatMap(([way, output]) =>
    Object.entries(secrets).flatMap(([place, secret]) =>
      output.flatMap((one) => findEncodings(one, secret).map((disguise) => `${way}: ${place} (${disguise})`)),
    ),
  )
  return [...new Set(found)]
}

/** What an output must say, so that what is not found in it is not in it: the stores' name or, where none is told, a header. */
function expectedText(way: string, control: string): string {
  const saysLittle =
    /^GET (.* (without a|with a wrong) token|\/(livez(\?verbose)?|api\/v1\/query\?metric=CONTROL.*)? with the token)$/
  return saysLittle.test(way) ? 'nosniff' : control
}

test('the search finds what is secrets, in every disguise and wherever it begins', () => {
  const secret = `planted${randomBytes(12).toString('hex')}`
  for (const before of ['', '-', '--', '---']) {
    const text = Buffer.from(`${before}${secret}--`)
    const disguised: Record<string, string | Buffer> = {
      plain: `${before}${secret.toUpperCase()}`,
      'percent-encoded': text.toString('hex').replace(/../g, '%$&').toUpperCase(),
      hex: text.toString('hex'),
      'two bytes a letter': Buffer.from(`${before}${secret}`, 'utf16le'),
      [`base64, shifted by ${before.length % 3}`]: text.toString('base64'),
    }
    for (const [disguise, output] of Object.entries(disguised)) expect(findEncodings(output, secret)).toContain(disguise)
  }
  expect(findEncodings('nothing is here', secret)).toEqual([])
})

test.each([
  { redacted: undefined, isRefused: false },
  { redacted: 'all that is shown', isRefused: true },
])('no secret leaves a process that shows everything it can: $redacted', async (given) => {
  const found = await runApplication(given)
  const { control, outputs } = found
  const silent = [...outputs].filter(
    ([way, output]) => !output.some((one) => findEncodings(one, expectedText(way, control)).includes('plain')),
  )
  expect(silent.map(([way]) => way)).toEqual([])
  expect(findLeaks(found)).toEqual([])
  const errors = JSON.parse(String(outputs.get('in code: errors'))) as ErrorEntry[]
  // Of every kind of store, and of what could not be opened.
  expect(errors.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(8)
  expect(new Set(errors.map(({ message }) => message))).toEqual(new Set([given.redacted]))
  expect(String(outputs.get('GET /api/v1/errors with the token')).includes('"message"')).toBe(given.redacted !== undefined)
})

/** Configurations that are wrong where a secret is. */
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
  throw new Error('there was nothing wrong with it')
}

test('no complaint about a configuration shows a secret, whether it comes from code or from the environment', () => {
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
