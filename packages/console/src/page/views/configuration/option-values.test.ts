import { expect, test } from 'vitest'
import { arrangeOptions, type ConfigOption, describeValue, parseSetting } from './option-values.ts'

function option(name: string, fields: Partial<ConfigOption> = {}): ConfigOption {
  return { option: name, source: 'default', description: `About ${name}.`, allowed: 'a text', ...fields }
}

test('a duration and a size are also said as people write them', () => {
  expect(describeValue('historyRetentionMs', 1_296_000_000)).toEqual({ code: '1296000000', meaning: '15 d' })
  expect(describeValue('historyMaxBytes', 268_435_456)).toEqual({ code: '268435456', meaning: '256 MiB' })
  expect(describeValue('closeTimeoutMs', 500)).toEqual({ code: '500' })
  expect(describeValue('enableMetrics', true)).toEqual({ code: 'true' })
  expect(describeValue('otlp', { url: '(secret)' })).toEqual({ code: '{"url":"(secret)"}' })
})

test('an option without a value has no text', () => {
  expect(describeValue('historyPath', undefined)).toBeUndefined()
})

test('options that someone has set come first, and others keep their order', () => {
  const options = [option('b'), option('a'), option('d', { source: 'code' }), option('c', { source: 'environment' })]
  const names = (isOnlySet: boolean) => arrangeOptions(options, { search: '', isOnlySet }).map((one) => one.option)
  expect(names(false)).toEqual(['d', 'c', 'b', 'a'])
  expect(names(true)).toEqual(['d', 'c'])
})

test('options are found by words of their name, description, variable and value', () => {
  const options = [
    option('jsonApiPort', { variable: 'WOMBAT_JSON_API_PORT', value: 8080 }),
    option('host', { description: 'Address of the servers.', value: '127.0.0.1' }),
  ]
  const find = (search: string) => arrangeOptions(options, { search, isOnlySet: false }).map((one) => one.option)
  expect(find('json 8080')).toEqual(['jsonApiPort'])
  expect(find('WOMBAT_JSON')).toEqual(['jsonApiPort'])
  expect(find('address servers')).toEqual(['host'])
  expect(find('port host')).toEqual([])
})

test.each([
  ['0.25', 1, 0.25],
  [' 1/16 ', 1, 0.0625],
  ['1000', 5, 1000],
  ['much', 5, 'much'],
  ['', 5, ''],
  ['1/0', 5, '1/0'],
  ['12', 'a text', '12'],
])('%j is the value %j of a setting that is %j', (text, current, value) => {
  expect(parseSetting(text, current)).toBe(value)
})
