import { randomBytes } from 'node:crypto'

/** Places in which an application can have a secret. */
export const places = [
  'key',
  'value',
  'errorMessage',
  'errorCode',
  'folder',
  'sublevel',
  'namespace',
  'authToken',
  'readOnlyToken',
  'fileToken',
  'password',
  'webhookUrl',
  'alertmanagerUrl',
  'otlpUrl',
  'otlpHeader',
] as const

export type TestSecrets = Readonly<Record<(typeof places)[number], string>>

/** Creates one secret for each place. They consist of letters and digits, which are valid everywhere. */
export function createSecrets(): TestSecrets {
  return Object.fromEntries(places.map((place) => [place, `planted${randomBytes(12).toString('hex')}`])) as TestSecrets
}
