import { expect, test } from 'vitest'
import { ConfigError } from './errors.ts'
import { explainConfig, optionTable } from './explain.ts'
import { type MonitoringConfig, resolveConfig } from './resolve-config.ts'

type Environment = Readonly<Record<string, string>>

/** Returns the problems of a configuration; none if it is valid. */
function findProblems(config: unknown, environment: Environment = {}): readonly string[] {
  try {
    resolveConfig(config as MonitoringConfig, environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

// The defaults of Wombat's specification.
const seed: Readonly<Record<string, unknown>> = {
  enableMetrics: true,
  metricsIntervalMs: 10_000,
  maxErrorHistory: 1000,
  logLevel: 'info',
  enableSlowQueryLog: true,
  slowQueryThresholdMs: 1000,
  enableOperationTracing: false,
  healthCheckIntervalMs: 30_000,
  healthCheckTimeoutMs: 5000,
  enableAlerts: true,
  alertEvaluationIntervalMs: 60_000,
  prometheusEnabled: false,
  prometheusPort: 9090,
  jsonApiEnabled: true,
  jsonApiPort: 8080,
}

for (const [option, value] of Object.entries(seed)) {
  test(`the default of ${option} is ${value}`, () => {
    expect(resolveConfig({}, {})).toHaveProperty(option, value)
    expect(explainConfig({}, {})).toContainEqual(expect.objectContaining({ option, value, source: 'default' }))
  })
}

test('the other options are off, limited to this machine, or bounded by default', () => {
  expect(resolveConfig(undefined, {})).toMatchObject({
    host: '127.0.0.1',
    authToken: undefined,
    logMetricsEnabled: false,
    semconv: 'wombat',
    cardinalityLimit: 2000,
    closeTimeoutMs: 5000,
    alertRulesFile: undefined,
    alertmanagerUrl: undefined,
    alertWebhookUrl: undefined,
    alertWebhookAllowPrivate: false,
  })
  expect(Object.keys(resolveConfig(undefined, {}))).not.toContain('otlp')
})

const fromEnvironment: ReadonlyArray<[variable: string, text: string, option: string, value: unknown]> = [
  ['WOMBAT_METRICS_INTERVAL_MS', '2500', 'metricsIntervalMs', 2500],
  ['WOMBAT_PROMETHEUS_PORT', '0', 'prometheusPort', 0],
  ['WOMBAT_PROMETHEUS_ENABLED', 'true', 'prometheusEnabled', true],
  ['WOMBAT_PROMETHEUS_ENABLED', 'TRUE', 'prometheusEnabled', true],
  ['WOMBAT_JSON_API_ENABLED', 'off', 'jsonApiEnabled', false],
  ['WOMBAT_ENABLE_ALERTS', '0', 'enableAlerts', false],
  ['WOMBAT_LOG_LEVEL', 'warn', 'logLevel', 'warn'],
  ['WOMBAT_HOST', '::1', 'host', '::1'],
  ['WOMBAT_AUTH_TOKEN', '0123456789abcdef', 'authToken', '0123456789abcdef'],
  ['WOMBAT_AUTH_TOKEN_FILE', '/run/tokens', 'authTokenFile', '/run/tokens'],
  ['WOMBAT_AUTH_USERS_FILE', '/run/users.yml', 'authUsersFile', '/run/users.yml'],
  ['WOMBAT_READ_ONLY_TOKEN', '0123456789abcdef', 'readOnlyToken', '0123456789abcdef'],
  ['WOMBAT_SEMCONV', 'both', 'semconv', 'both'],
]
for (const [variable, text, option, value] of fromEnvironment) {
  test(`${variable}=${text} sets ${option} to ${value}`, () => {
    expect(resolveConfig({}, { [variable]: text })).toHaveProperty(option, value)
  })
}

test('the code has precedence over the environment, and the environment over the default', () => {
  const environment = { WOMBAT_JSON_API_PORT: '1', WOMBAT_PROMETHEUS_PORT: '2' }
  const resolved = resolveConfig({ jsonApiPort: 3 }, environment)
  expect(resolved).toMatchObject({ jsonApiPort: 3, prometheusPort: 2, metricsIntervalMs: 10_000 })
  const sources = Object.fromEntries(explainConfig({ jsonApiPort: 3 }, environment).map(({ option, source }) => [option, source]))
  expect(sources).toMatchObject({ jsonApiPort: 'code', prometheusPort: 'environment', metricsIntervalMs: 'default' })
})

test('undefined in the code and an empty variable count as not set', () => {
  const resolved = resolveConfig({ jsonApiPort: undefined } as never, { WOMBAT_JSON_API_PORT: '', WOMBAT_HOST: '' })
  expect(resolved).toMatchObject({ jsonApiPort: 8080, host: '127.0.0.1' })
})

test('false and 0 in the code count as set', () => {
  expect(resolveConfig({ jsonApiEnabled: false, jsonApiPort: 0 }, { WOMBAT_JSON_API_PORT: '1' })).toMatchObject({
    jsonApiEnabled: false,
    jsonApiPort: 0,
  })
})

const fresh = { name: 'fresh', run: () => ({ status: 'healthy', message: 'Fresh' }) }
const rejected: ReadonlyArray<[config: object, problem: string]> = [
  [{ jsonApiPort: 65_536 }, 'jsonApiPort must be a port from 0 (any free port) to 65535, got 65536'],
  [{ jsonApiPort: '8080' }, 'jsonApiPort must be a port from 0 (any free port) to 65535, got "8080"'],
  [{ metricsIntervalMs: 99 }, 'metricsIntervalMs must be a whole number of milliseconds from 100 to 86400000, got 99'],
  [{ metricsIntervalMs: 1000.5 }, 'metricsIntervalMs must be a whole number of milliseconds from 100 to 86400000, got 1000.5'],
  [{ metricsIntervalMs: 2 ** 31 }, 'from 100 to 86400000, got 2147483648'],
  [{ metricsIntervalMs: Number.NaN }, 'from 100 to 86400000, got NaN'],
  [{ metricsIntervalMs: Number.POSITIVE_INFINITY }, 'from 100 to 86400000, got Infinity'],
  [{ metricsIntervalMs: 1000n }, 'from 100 to 86400000, got 1000n'],
  [{ metricsIntervalMs: null }, 'from 100 to 86400000, got null'],
  [{ prometheusEnabled: 'yes' }, 'prometheusEnabled must be true or false, got "yes"'],
  [{ logLevel: 'loud' }, 'logLevel must be one of trace, debug, info, warn, error, fatal, silent, got "loud"'],
  [{ semconv: () => {} }, 'semconv must be one of wombat, otel, both, got a function'],
  [{ host: '' }, 'host must be an address to listen on, got ""'],
  [{ cardinalityLimit: 0 }, 'cardinalityLimit must be a whole number from 1 to 1000000, got 0'],
  [{ resource: 'x' }, 'resource must be an object of attributes, got text'],
  [{ logger: () => {} }, 'logger must be an object with the methods debug, info, warn and error, got a function'],
  [{ otlp: 'http://127.0.0.1' }, 'otlp must be true, false or an object, got text'],
  [{ otlp: [] }, 'otlp must be true, false or an object, got an array'],
  [{ otlp: { url: 'collector:4318' } }, 'otlp.url must be an http or https URL, got "(secret)"'],
  [{ otlp: { url: 'ftp://127.0.0.1' } }, 'otlp.url must be an http or https URL, got "(secret)"'],
  [{ otlp: { protocol: 'grpc' } }, 'otlp.protocol must be one of http/protobuf, http/json, got "grpc"'],
  [{ otlp: { compression: 'br' } }, 'otlp.compression must be one of gzip, none, got "br"'],
  [{ otlp: { timeoutMs: 0 } }, 'otlp.timeoutMs must be a whole number of milliseconds from 1 to 86400000, got 0'],
  [{ otlp: { intervalMs: 2 ** 31 } }, 'otlp.intervalMs must be a whole number of milliseconds from 100 to 86400000'],
  [{ otlp: { temporality: 'Delta' } }, 'otlp.temporality must be one of cumulative, delta, lowmemory, got "Delta"'],
  [{ otlp: { histograms: 'native' } }, 'otlp.histograms must be one of explicit, exponential, got "native"'],
  [{ otlp: { headers: ['a'] } }, 'otlp.headers must be an object of strings'],
  [
    { alertRules: [{ name: 'A', condition: 'metric_above', metric: 'm', threshold: 1n, severity: 'info' }] },
    'threshold must be a number, got 1n',
  ],
  [{ health: 'yes' }, 'health must be an object with any of checks, settings, bounds, onChange, got text'],
  [{ health: { check: [] } }, 'health.check is not an option: did you mean checks?'],
  [{ health: { checks: {} } }, 'health.checks must be an array of checks, got an object'],
  [{ health: { checks: [null] } }, 'health.checks[0]: must be an object, got null'],
  [{ health: { checks: [fresh, fresh] } }, 'health.checks[1]: duplicate check fresh: each name may be used once per store'],
  [{ health: { settings: [] } }, 'health.settings must be an object with names of checks as keys, got an array'],
  [{ health: { settings: { fresh: null } } }, 'health.settings.fresh: must be an object with any of enabled, intervalMs'],
  [{ health: { settings: { fresh: { enabled: 'no' } } } }, 'health.settings.fresh: enabled must be true or false, got "no"'],
  [
    { health: { settings: { fresh: { intervallMs: 1000 } } } },
    'health.settings.fresh: intervallMs is not a setting of a check: did you mean intervalMs?',
  ],
  [{ health: { onChange: 'log' } }, 'health.onChange must be a function, got text: it is called with each change'],
  [{ otlp: { intervalMS: 1000 } }, 'otlp.intervalMS is not an option: did you mean intervalMs?'],
]
for (const [config, problem] of rejected) {
  test(`a configuration is rejected with: ${problem}`, () => {
    expect(findProblems(config)).toEqual([expect.stringContaining(problem)])
  })
}

test('an object that contains itself is not shown', () => {
  const logger: Record<string, unknown> = { info: () => {} }
  logger['child'] = logger
  expect(findProblems({ logger })).toEqual([
    'logger must be an object with the methods debug, info, warn and error, got an object',
  ])
})

test('a problem of a variable names the variable and the option', () => {
  expect(findProblems({}, { WOMBAT_JSON_API_PORT: 'http', WOMBAT_ENABLE_ALERTS: 'perhaps' })).toEqual([
    expect.stringContaining('WOMBAT_ENABLE_ALERTS (enableAlerts) must be true or false, got "perhaps"'),
    expect.stringContaining('WOMBAT_JSON_API_PORT (jsonApiPort) must be a port from 0 (any free port) to 65535, got "http"'),
  ])
})

test('a variable that the code overrides is not validated', () => {
  expect(findProblems({ jsonApiPort: 1 }, { WOMBAT_JSON_API_PORT: 'http' })).toEqual([])
})

test('one error contains all problems', () => {
  const config = { jsonApiPort: -1, logLevel: 'loud', otlp: { protocol: 'grpc', timeoutMs: -1 }, extra: 1 }
  const problems = findProblems(config, { WOMBAT_HOST: '0.0.0.0', WOMBAT_EXTRA: '1' })
  expect(problems).toHaveLength(7)
  const error = new ConfigError(problems)
  expect(error.name).toBe('ConfigError')
  for (const problem of problems) expect(error.message).toContain(`\n  - ${problem}`)
})

const unknown: ReadonlyArray<[config: object, environment: Environment, problem: string]> = [
  [{ promtheusEnabled: true }, {}, 'promtheusEnabled is not an option: did you mean prometheusEnabled?'],
  [{ jsonAPIPort: 1 }, {}, 'jsonAPIPort is not an option: did you mean jsonApiPort?'],
  [{ oltp: true }, {}, 'oltp is not an option: did you mean otlp?'],
  [{ somethingElse: 1 }, {}, 'somethingElse is not an option'],
  [{ toString: 1 }, {}, 'toString is not an option'],
  [{}, { WOMBAT_PROMETHEUS_PROT: '1' }, 'WOMBAT_PROMETHEUS_PROT is not a known variable: did you mean WOMBAT_PROMETHEUS_PORT?'],
  [{}, { WOMBAT_X: '1' }, 'WOMBAT_X is not a known variable'],
]
for (const [config, environment, problem] of unknown) {
  test(`a configuration is rejected with: ${problem}`, () => {
    expect(findProblems(config, environment)).toEqual([problem])
  })
}

test('variables of other programs are ignored', () => {
  expect(findProblems({}, { PATH: '/bin', OTEL_SERVICE_NAME: 'x', WOMBATS: '2' })).toEqual([])
})

const secret = 'a-secret-to-be-hidden'

test('a secret is never shown, whether it is valid or not', () => {
  const right = explainConfig({ authToken: secret, otlp: { headers: { authorization: secret } } }, {})
  expect(right).toContainEqual(expect.objectContaining({ option: 'authToken', value: '(secret)', source: 'code' }))
  expect(JSON.stringify(right)).not.toContain(secret)
  const wrong: ReadonlyArray<[config: object, environment: Environment]> = [
    [{ authToken: `${secret} with spaces` }, {}],
    [{ authToken: { token: secret } }, {}],
    [{}, { WOMBAT_AUTH_TOKEN: `${secret} with spaces` }],
    [{}, { WOMBAT_AUTH_TOKENS: secret }],
    [{ otlp: { headers: { authorization: [secret] } } }, {}],
    [{ otlp: { headers: secret } }, {}],
    [{ otlp: { header: { authorization: secret } } }, {}],
    [{ otlp: [{ headers: { authorization: secret } }] }, {}],
    [{ otlp: { url: { headers: secret } } }, {}],
    [{ logger: { token: secret } }, {}],
  ]
  for (const [config, environment] of wrong) {
    const problems = findProblems(config, environment)
    expect(problems).toHaveLength(1)
    expect(problems.join()).not.toContain(secret)
  }
})

test('a token that is not set is explained as undefined', () => {
  expect(explainConfig({}, {})).toContainEqual(
    expect.objectContaining({ option: 'authToken', value: undefined, source: 'default' }),
  )
})

test('a token that no request could send is rejected', () => {
  for (const authToken of [
    'fifteen-letters',
    'sixteen letters, with spaces',
    'schlüssel-zum-haus-1',
    'a=b-is-not-allowed-here',
  ]) {
    expect(findProblems({ authToken })).toEqual([expect.stringMatching(/^authToken must be a secret of at least 16 characters/)])
  }
  expect(findProblems({ authToken: 'AZaz09-._~+/AZaz==' })).toEqual([])
})

test('a host that other machines reach is rejected without a token', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '127.0.0.1.example.org', 'localhost.example.org']) {
    expect(findProblems({ host })).toEqual([expect.stringContaining(`host "${host}" is not loopback and authToken is not set`)])
    expect(findProblems({ host, authToken: secret })).toEqual([])
  }
  expect(findProblems({ host: '0.0.0.0', authToken: 'short' })).toEqual([expect.stringContaining('authToken must be')])
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) expect(findProblems({ host })).toEqual([])
})

test('an object with a __proto__ key does not change any prototype', () => {
  const attack = '{"__proto__":{"prometheusEnabled":true,"url":"http://127.0.0.1:1","polluted":true}}'
  expect(findProblems(JSON.parse(attack))).toEqual(['__proto__ is not an option'])
  expect(findProblems({ otlp: JSON.parse(attack) })).toEqual(['otlp.__proto__ is not an option'])
  resolveConfig({ otlp: { headers: JSON.parse(attack) }, resource: JSON.parse(attack) }, {})
  resolveConfig({}, JSON.parse('{"__proto__":"x"}'))
  expect({}).not.toHaveProperty('polluted')
  expect({}).not.toHaveProperty('url')
  expect(Object.getPrototypeOf({})).toBe(Object.prototype)
})

test('the table for the documentation has every option, its variable and its default', () => {
  const table = optionTable()
  expect(table).toContainEqual({
    option: 'metricsIntervalMs',
    variable: 'WOMBAT_METRICS_INTERVAL_MS',
    defaultValue: 10_000,
    allowed: 'a whole number of milliseconds from 100 to 86400000',
    description: 'Interval of the OTLP export and of the log line with metrics.',
  })
  expect(table.map(({ option }) => option)).toEqual(explainConfig({}, {}).map(({ option }) => option))
  for (const { option, allowed, description } of table) {
    expect(allowed, option).not.toBe('')
    expect(description, option).toMatch(/\.$/)
  }
})

test('variables that Kubernetes sets for a service named wombat are ignored', () => {
  const ofPods = {
    WOMBAT_SERVICE_HOST: '10.0.0.1',
    WOMBAT_DEMO_SERVICE_PORT_HTTP: '80',
    WOMBAT_PORT: 'tcp://10.0.0.1:80',
    WOMBAT_PORT_80_TCP_ADDR: '10.0.0.1',
  }
  expect(resolveConfig({}, ofPods).semconv).toBe('wombat')
})

test('every option that authenticates allows a host that is not loopback', () => {
  for (const access of [
    { readOnlyToken: 'a-token-of-sixteen-or-more' },
    { authTokenFile: '/run/tokens' },
    { authUsersFile: '/run/users.yml' },
    { tls: { cert: '/c', key: '/k', clientCa: '/ca' } },
  ]) {
    expect(findProblems({ host: '0.0.0.0', ...access })).toEqual([])
  }
  expect(findProblems({ host: '0.0.0.0', tls: { cert: '/c', key: '/k' } })).toEqual([
    expect.stringContaining('is not loopback and authToken is not set'),
  ])
})

test('authToken and readOnlyToken must differ', () => {
  const both = 'a-token-of-sixteen-or-more'
  expect(findProblems({ authToken: both, readOnlyToken: both })).toEqual([
    'authToken and readOnlyToken are the same: set different ones, or only one of them',
  ])
})

test('tls is tlsCert, tlsKey and tlsClientCa in one object', () => {
  const tls = { cert: '/c', key: '/k' }
  const environment = { WOMBAT_TLS_CERT: '/other', WOMBAT_TLS_CLIENT_CA: '/ca' }
  expect(resolveConfig({ tls }, environment)).toMatchObject({ tlsCert: '/c', tlsKey: '/k', tlsClientCa: '/ca' })
  expect(explainConfig({ tls }, environment)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ option: 'tlsCert', value: '/c', source: 'code' }),
      expect.objectContaining({ option: 'tlsClientCa', value: '/ca', source: 'environment' }),
    ]),
  )
})

test.each<readonly [unknown, string]>([
  [{ tls: true }, 'tls must be an object with the paths cert, key and clientCa, got true'],
  [{ tls: { cert: '/c' } }, 'tls.key must be the path of a PEM file, got "nothing"'],
  [{ tls: { cert: '/c', key: '/k', clientCA: '/ca' } }, 'tls.clientCA is not an option: did you mean clientCa?'],
  [{ tls: { cert: '/c', key: '/k' }, tlsCert: '/c' }, 'tls and tlsCert exclude each other: set tls alone'],
  [{ tlsCert: '/c' }, 'tlsKey is not set, and tlsCert is: set tlsKey, too'],
  [{ tlsKey: '/k' }, 'tlsCert is not set, and tlsKey is: set tlsCert, too'],
  [{ tlsClientCa: '/ca' }, 'tlsCert is not set, and tlsClientCa is: set tlsCert, too'],
])('%j is a problem with its remedy', (config, problem) => {
  expect(findProblems(config)).toEqual([problem])
})
