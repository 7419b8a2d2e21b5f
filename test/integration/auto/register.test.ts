import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'
import { applicationPath, preload, runApplication, startApplication } from './application.ts'

const answer = 'tea 1 1.1\n'
const quiet = { WOMBAT_LOG_LEVEL: 'warn' }

/** Returns the numbers of set and get operations of each store in an OTLP request. */
function setOperations(body: Buffer) {
  const total = (store: string, operation: string) => otlpValue(body, `db_${operation}_operations_total`, { store })
  return Object.fromEntries(
    ['leveldb', 'lmdb', 'keyv'].map((store) => [store, { set: total(store, 'set'), get: total(store, 'get') }]),
  )
}

const measured = { leveldb: { set: 2, get: 1 }, lmdb: { set: 2, get: 1 }, keyv: { set: 1, get: 1 } }

test.each(['cjs', 'mjs'])(
  'an application (%s) is measured from its first operation, and sends its last interval',
  async (kind) => {
    const receiver = await startOtlpReceiver()
    const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
    const { ended, output, errors } = await runApplication(['--import', preload, applicationPath(kind)], { ...otlp, ...quiet })
    expect({ ended, output, errors }).toEqual({ ended: 0, output: answer, errors: '' })
    expect(receiver.received).toHaveLength(1)
    expect(setOperations(receiver.received[0]?.body as Buffer)).toEqual(measured)
  },
)

test.each(['cjs', 'mjs'])('--require measures an application (%s) from its first operation, too', async (kind) => {
  const receiver = await startOtlpReceiver()
  const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const { ended, output, errors } = await runApplication(['--require', preload, applicationPath(kind)], { ...otlp, ...quiet })
  expect({ ended, output, errors }).toEqual({ ended: 0, output: answer, errors: '' })
  expect(setOperations(receiver.received[0]?.body as Buffer)).toEqual(measured)
})

test('the HTTP servers listen before the application starts, and their URLs are logged on standard error', async () => {
  const application = await startApplication(['--import', preload, applicationPath('mjs')], {
    WOMBAT_PROMETHEUS_ENABLED: 'true',
    WOMBAT_PROMETHEUS_PORT: '0',
  })
  const [, line = ''] = await application.waitForLine(/^(.*monitoring.*)\n/m)
  expect(application.written.output).toBe('')
  const { prometheus, json } = JSON.parse(line)
  await expect.poll(() => application.written.output).toBe(answer)
  expect(await (await fetch(`${prometheus}/metrics`)).text()).toContain('db_get_operations_total{store="leveldb"} 1\n')
  const get = expect.objectContaining({ name: 'db_get_operations_total', labels: { store: 'lmdb' }, value: 1 })
  expect(await (await fetch(`${json}/api/v1/metrics`)).json()).toMatchObject({ metrics: expect.arrayContaining([get]) })
  application.endInput()
  expect(await application.ended).toBe(0)
})

test('an invalid configuration is reported on one line, and the application runs without monitoring', async () => {
  const wrong = { WOMBAT_METRICS_INTERVAL_MS: 'often', WOMBAT_PROMETHEUS_PRT: '1' }
  const { ended, output, errors } = await runApplication(['--import', preload, applicationPath('cjs')], wrong)
  expect({ ended, output }).toEqual({ ended: 0, output: answer })
  expect(errors).toMatch(/^wombat: monitoring is off, the application runs without it: [^\n]*WOMBAT_PROMETHEUS_PORT[^\n]*\n$/)
  expect(errors).toContain('WOMBAT_METRICS_INTERVAL_MS (metricsIntervalMs) must be a whole number')
})

test('a rule file that is not valid is reported on one line, with its problems and nothing of its content', async () => {
  const file = join(await temporaryFolder(), 'rules.yaml')
  writeFileSync(file, 'password: a-secret-of-someone\n')
  const rules = { WOMBAT_ALERT_RULES_FILE: file }
  const { ended, output, errors } = await runApplication(['--import', preload, applicationPath('cjs')], rules)
  expect({ ended, output }).toEqual({ ended: 0, output: answer })
  expect(errors).toMatch(/^wombat: monitoring is off, [^\n]*rules\.yaml: must be an object with a list "rules"[^\n]*\n$/)
  expect(errors).not.toContain('a-secret-of-someone')
})

test.each(['--import', '--require'])('a configuration that only OpenTelemetry rejects is reported as well (%s)', async (how) => {
  const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
  const { ended, output, errors } = await runApplication([how, preload, applicationPath('cjs')], grpc)
  expect({ ended, output }).toEqual({ ended: 0, output: answer })
  expect(errors).toMatch(/^wombat: monitoring is off, [^\n]*OTEL_EXPORTER_OTLP_PROTOCOL[^\n]*\n$/)
})

test('with a port in use monitoring runs without HTTP servers, and OTLP still works', async () => {
  const receiver = await startOtlpReceiver()
  const { port } = new URL(receiver.endpoint)
  const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const { ended, output, errors } = await runApplication(['--import', preload, applicationPath('cjs')], {
    ...otlp,
    ...quiet,
    WOMBAT_JSON_API_PORT: port,
  })
  expect({ ended, output }).toEqual({ ended: 0, output: answer })
  expect(errors).toMatch(new RegExp(`^wombat: monitoring runs without HTTP servers: [^\\n]*${port}[^\\n]*in use[^\\n]*\\n$`))
  expect(setOperations(receiver.received[0]?.body as Buffer)).toEqual(measured)
})

test.each([
  ['--import', 'register.js'],
  ['--require', 'register-require.js'],
])('an incomplete installation is reported, and the application runs without monitoring (%s)', async (how, file) => {
  const folder = await temporaryFolder()
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  cpSync(join(import.meta.dirname, '../../../packages/monitor/dist/bundle', file), join(folder, file))
  const { ended, output, errors } = await runApplication([how, join(folder, file), applicationPath('cjs')])
  expect({ ended, output }).toEqual({ ended: 0, output: answer })
  expect(errors).toMatch(/^wombat: monitoring is off, [^\n]*preload\.js[^\n]*\n$/)
})

test.each([
  ['ends by itself with its own exit code', 'process.exitCode = 3', 3],
  ['ends at once by process.exit', 'process.exit(4)', 4],
  ['fails with what it threw', 'throw 5', 1],
  ['waits for a promise that never settles', 'await new Promise(() => {})', 13],
  ['dies by a signal it does not handle', "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 10_000)", 'SIGTERM'],
  [
    'handles a signal alone',
    "process.on('SIGINT', () => process.exit(process.listenerCount('SIGINT'))); process.kill(process.pid, 'SIGINT'); setTimeout(() => {}, 10_000)",
    1,
  ],
])('an application %s', async (_what, code, ending) => {
  const { ended } = await runApplication(['--import', preload, '--input-type=module', '--eval', code], quiet)
  expect(ended).toBe(ending)
})

test('a worker thread without a store starts no monitoring', async () => {
  const code = "new (require('node:worker_threads').Worker)('console.log(process.listenerCount(`beforeExit`))', { eval: true })"
  const { ended, output, errors } = await runApplication(['--import', preload, '--eval', code])
  expect({ ended, output }).toEqual({ ended: 0, output: '0\n' })
  expect(errors.trim().split('\n')).toHaveLength(1)
})

test('the preload exports nothing', async () => {
  const code = `console.log(Object.keys(await import('${preload}')), Object.keys(process.getBuiltinModule('module').createRequire('${import.meta.url}')('${preload}')))`
  const { output } = await runApplication(['--input-type=module', '--eval', code], quiet)
  expect(output).toBe('[] []\n')
})
