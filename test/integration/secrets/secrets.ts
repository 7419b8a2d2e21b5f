import { randomBytes } from 'node:crypto'

/** Where secrets are planted. Each stands for what an application may have there. */
export const places = [
  'key',
  'value',
  'errorMessage',
  'errorCode',
  'folder',
  'sublevel',
  'namespace',
  'authToken',
  'webhookUrl',
  'alertmanagerUrl',
  'otlpUrl',
  'otlpHeader',
] as const

export type TestSecrets = Readonly<Record<(typeof places)[number], string>>

/** Letters and digits, so that they can stand anywhere. */
export function createSecrets(): TestSecrets {
  return Object.fromEntries(places.map((place) => [place, `planted${randomBytes(12).toString('hex')}`])) as TestSecrets
}
