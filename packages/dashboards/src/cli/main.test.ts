import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { ruleFiles } from '../rules/default-rule-files.ts'
import { main } from './main.ts'

async function runCli(...args: string[]) {
  const out: string[] = []
  const error: string[] = []
  const code = await main(args, { out: (line) => out.push(line), error: (line) => error.push(line) })
  return { code, out: out.join('\n'), error: error.join('\n') }
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const generated = join(import.meta.dirname, '../../generated')
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()

test('write creates the folder with all files, and prints each of them', async () => {
  const folder = join(await temporaryFolder(), 'new/nested/folder')
  const { code, out, error } = await runCli('write', folder)
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(await filesIn(folder)).toEqual(['.wombat-dashboards.json', 'prometheus.yaml', ...(await filesIn(generated))].sort())
  for (const [name, text] of Object.entries(ruleFiles())) {
    expect(await readFile(join(folder, 'rules', name), 'utf8')).toBe(text)
    expect(out).toContain(`created: ${join(folder, 'rules', name)}`)
  }
})

test('custom rules, objectives and runbook URL go into the rule files, and custom alerts into the annotations', async () => {
  const folder = await temporaryFolder()
  const rules = join(folder, 'own.json')
  const own = { name: 'ManyIterators', condition: 'metric_above', metric: 'db_open_iterators', threshold: 9, severity: 'info' }
  await writeFile(rules, JSON.stringify({ rules: [own] }))
  const objectives = ['--availability=0.99', '--latency', '0.95', '--latency-seconds=0.25', '--minimum-operations=7']
  await runCli('write', join(folder, 'out'), `--rules=${rules}`, ...objectives, '--runbook-url=https://wiki.example/runbook')
  const text = (name: string) => readFile(join(folder, 'out/rules', name), 'utf8')
  expect(parse(await text('wombat-alerts.yaml')).groups[0].rules).toEqual([
    { alert: 'ManyIterators', expr: 'db_open_iterators > 9', labels: { severity: 'info' } },
  ])
  const overview = await readFile(join(folder, 'out/dashboards/overview.json'), 'utf8')
  expect(overview).toContain('alertname=~\\"ManyIterators|InstanceLost|AvailabilityBudgetBurn|LatencyBudgetBurn\\"')
  const slo = await text('wombat-slo.yaml')
  expect(slo).toContain('> 14.4 * 0.01 ')
  expect(slo).toContain('> 14.4 * 0.05 ')
  expect(slo).toContain('>= 7 and ')
  expect(slo).toContain('runbook_url: https://wiki.example/runbook#errorbudgetburn')
  expect(await text('wombat-recording.yaml')).toContain('le="0.25"')
  expect(await text('wombat-recording.yaml')).not.toContain('histogram_fraction')
  await runCli('write', join(folder, 'out'), '--native-histograms')
  expect(await text('wombat-recording.yaml')).toContain('histogram_fraction(-Inf, 0.1, rate(db_get_latency_seconds[5m]))')
})

test('panels link to the published runbook', async () => {
  const folder = await temporaryFolder()
  await runCli('write', folder, '--runbook-url=https://wiki.example/run$&book')
  const text = await readFile(join(folder, 'dashboards/overview.json'), 'utf8')
  expect(text).toContain('"url": "https://wiki.example/run$&book#storestalled"')
  expect(text).not.toContain('monitor/RUNBOOK.md')
  expect(JSON.parse(text)).toMatchObject({ uid: 'wombat-overview' })
})

test('the path of a backend URL is kept', async () => {
  const folder = await temporaryFolder()
  const collectorFor = async (route: string, backend: string) => {
    await runCli('write', join(folder, route), `--route=${route}`, backend)
    return readFile(join(folder, route, 'collector.yaml'), 'utf8')
  }
  const prometheus = await collectorFor('collector-remote-write', '--prometheus=https://metrics.example/prom/')
  expect(prometheus).toContain('endpoint: https://metrics.example/prom/api/v1/write\n')
  const victoriaMetrics = await collectorFor('victoriametrics', '--victoriametrics=http://vminsert:8480/insert/0')
  expect(victoriaMetrics).toContain('metrics_endpoint: http://vminsert:8480/insert/0/opentelemetry/v1/metrics\n')
})

test('a host can be an IPv6 address or a variable of the Collector', async () => {
  const folder = await temporaryFolder()
  const addresses = [
    '--target=[::1]:9464',
    '--target=orders.shop:9464',
    '--otlp-listen=0.0.0.0:4318',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the Collector's syntax for environment variables
    '--metrics-listen=${env:POD_IP}:8889',
  ]
  expect(await runCli('write', folder, ...addresses)).toMatchObject({ code: 0, error: '' })
})

test('write fails if the folder is a file', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  expect(await runCli('write', file)).toEqual({
    code: 1,
    out: '',
    error: `wombat-dashboards: ${file} is not a folder: it or a parent of it is a file`,
  })
})

test('a second run changes nothing; with other objectives, it updates the generated files', async () => {
  const folder = await temporaryFolder()
  await runCli('write', folder)
  const again = await runCli('write', folder)
  expect(again.code).toBe(0)
  expect(again.out.split('\n').every((line) => line.startsWith('unchanged: '))).toBe(true)
  const other = await runCli('write', folder, '--availability', '0.99')
  expect(other.out).toContain(`updated: ${join(folder, 'rules/wombat-slo.yaml')}`)
})

test('a file of an earlier route is reported as obsolete and not deleted', async () => {
  const folder = await temporaryFolder()
  await runCli('write', folder, '--route=victoriametrics')
  const { code, out } = await runCli('write', folder, '--route=scrape')
  expect(code).toBe(0)
  expect(out).toContain(`obsolete: ${join(folder, 'collector.yaml')}`)
  await rm(join(folder, 'collector.yaml'))
  expect((await runCli('write', folder)).out).not.toContain('obsolete')
})

test('an existing file that was not generated stops the run before anything is written', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'prometheus.yaml'), 'mine: true\n')
  const { code, error } = await runCli('write', folder)
  expect(code).toBe(1)
  expect(error).toContain(
    `nothing was written: these files were edited or not generated by this command: ${join(folder, 'prometheus.yaml')};`,
  )
  expect(await filesIn(folder)).toEqual(['prometheus.yaml'])
  expect((await runCli('write', folder, '--force')).code).toBe(0)
  expect(await readFile(join(folder, 'prometheus.yaml'), 'utf8')).toContain('wombat')
})

test('an edited file is not overwritten', async () => {
  const folder = await temporaryFolder()
  await runCli('write', folder)
  const file = join(folder, 'rules/wombat-slo.yaml')
  await writeFile(file, `${await readFile(file, 'utf8')}# and mine\n`)
  const { code, error } = await runCli('write', folder, '--availability=0.99')
  expect(code).toBe(1)
  expect(error).toContain(file)
  expect(await readFile(file, 'utf8')).toContain('# and mine')
})

test.each([
  [['write', 'out', '--rout=scrape'], 'unknown option --rout: did you mean --route?'],
  [['write', 'out', '--route=colector-prometheus'], 'got colector-prometheus: did you mean collector-prometheus?'],
  [['wriet', 'out'], 'unknown command wriet: did you mean write?'],
  [['write'], 'write needs one folder, got 0'],
  [['write', ''], 'write needs a folder name, got an empty one'],
  [['write', 'out', '--target=http://10.0.0.1:9464/metrics'], '--target must be host:port, got "http://10.0.0.1:9464/metrics"'],
  [['write', 'out', '--target=10.0.0.1'], '--target must be host:port, got "10.0.0.1"'],
  [['write', 'out', '--otlp-listen=4318'], '--otlp-listen must be host:port, got "4318"'],
  [['write', 'out', '--availability=high'], '--availability must be a number, got "high"'],
  [['write', 'out', '--rules', '--force'], '--rules needs a value: <file>'],
  [['write', 'out', '--force=yes'], '--force takes no value'],
  [['write', 'out', '--route=scrape', '--route=scrape'], '--route was given twice'],
  [
    ['doctor', '--prometheus=http://127.0.0.1:9090'],
    'doctor needs a start: --otlp (a Collector) or --metrics (the endpoint of a process)',
  ],
  [
    ['doctor', '--otlp=http://127.0.0.1:4318'],
    'doctor needs a destination: --prometheus, --victoriametrics or, with --otlp, --metrics',
  ],
  [
    ['doctor', '--metrics=http://127.0.0.1:9090/metrics'],
    'doctor needs a destination: --prometheus, --victoriametrics or, with --otlp, --metrics',
  ],
  [['doctor', '--otlp=localhost:4318'], '--otlp must be a URL that starts with http:// or https://'],
  [['doctor', '--otlp=http://a', '--prometheus=http://b', '--otlp-header=secret'], '--otlp-header must be "name: value"'],
  [[], 'missing command: write or doctor'],
])('%j is an invalid command line: exit code 2', async (args, message) => {
  const { code, error, out } = await runCli(...args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error).toContain(message)
})

test.each([
  [['write', 'out', '--availability=99.9'], 'availability must be between 0.9306 and 1, both excluded, got 99.9'],
  [['write', 'out', '--latency-seconds=0.2'], 'latencySeconds must be a bucket bound of the latency histograms'],
  [['write', 'out', '--rules=missing.yaml'], 'missing.yaml'],
])('%j fails: exit code 1', async (args, message) => {
  const { code, error } = await runCli(...args)
  expect(code).toBe(1)
  expect(error).toContain(message)
})

test('--help lists the options, and --version prints the package version', async () => {
  const { code, out } = await runCli('--help')
  expect(code).toBe(0)
  for (const option of ['--route', '--latency-seconds', '--force', '--otlp', '--query-header', '--version']) {
    expect(out).toContain(option)
  }
  expect((await runCli('doctor', '--help')).out).not.toContain('--route')
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'))
  expect((await runCli('--version')).out).toBe(manifest.version)
})
