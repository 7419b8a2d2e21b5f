import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { ruleFiles } from '../rules/default-rule-files.ts'
import { main } from './main.ts'

async function called(...args: string[]) {
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

test('everything of the package is written into a folder that is made, and said', async () => {
  const folder = join(await temporaryFolder(), 'made/on/the/way')
  const { code, out, error } = await called('write', folder)
  expect({ code, error }).toEqual({ code: 0, error: '' })
  expect(await filesIn(folder)).toEqual(['.wombat-dashboards.json', 'prometheus.yaml', ...(await filesIn(generated))].sort())
  for (const [name, text] of Object.entries(ruleFiles())) {
    expect(await readFile(join(folder, 'rules', name), 'utf8')).toBe(text)
    expect(out).toContain(`written: ${join(folder, 'rules', name)}`)
  }
})

test('own rules, objectives and the runbook go into the rule files, and own alerts are marked in graphs', async () => {
  const folder = await temporaryFolder()
  const rules = join(folder, 'own.json')
  const own = { name: 'ManyIterators', condition: 'metric_above', metric: 'db_open_iterators', threshold: 9, severity: 'info' }
  await writeFile(rules, JSON.stringify({ rules: [own] }))
  const objectives = ['--availability=0.99', '--latency', '0.95', '--latency-seconds=0.25', '--minimum-operations=7']
  await called('write', join(folder, 'out'), `--rules=${rules}`, ...objectives, '--runbook-url=https://wiki.example/runbook')
  const text = (name: string) => readFile(join(folder, 'out/rules', name), 'utf8')
  expect(parse(await text('wombat-alerts.yaml')).groups[0].rules).toEqual([
    { alert: 'ManyIterators', expr: 'db_open_iterators > 9', labels: { severity: 'info' } },
  ])
  const overview = await readFile(join(folder, 'out/dashboards/overview.json'), 'utf8')
  expect(overview).toContain('alertname=~\\"ManyIterators|AvailabilityBudgetBurn|LatencyBudgetBurn\\"')
  const slo = await text('wombat-slo.yaml')
  expect(slo).toContain('> 14.4 * 0.01 ')
  expect(slo).toContain('> 14.4 * 0.05 ')
  expect(slo).toContain('>= 7')
  expect(slo).toContain('runbook_url: https://wiki.example/runbook#errorbudgetburn')
  expect(await text('wombat-recording.yaml')).toContain('le="0.25"')
})

test('where the runbook is published, panels link to it, too', async () => {
  const folder = await temporaryFolder()
  await called('write', folder, '--runbook-url=https://wiki.example/run$&book')
  const text = await readFile(join(folder, 'dashboards/overview.json'), 'utf8')
  expect(text).toContain('Runbook: https://wiki.example/run$&book#storestalled')
  expect(text).not.toContain('@wombat/monitor/RUNBOOK.md')
  expect(JSON.parse(text)).toMatchObject({ uid: 'wombat-overview' })
})

test('the path of an address is kept: a proxy may have put it in front', async () => {
  const folder = await temporaryFolder()
  const collectorTo = async (route: string, address: string) => {
    await called('write', join(folder, route), `--route=${route}`, address)
    return readFile(join(folder, route, 'collector.yaml'), 'utf8')
  }
  const prometheus = await collectorTo('collector-remote-write', '--prometheus=https://metrics.example/prom/')
  expect(prometheus).toContain('endpoint: https://metrics.example/prom/api/v1/write\n')
  const victoriaMetrics = await collectorTo('victoriametrics', '--victoriametrics=http://vminsert:8480/insert/0')
  expect(victoriaMetrics).toContain('metrics_endpoint: http://vminsert:8480/insert/0/opentelemetry/v1/metrics\n')
})

test('a host may be an address of IPv6, or what the Collector is to put there', async () => {
  const folder = await temporaryFolder()
  const places = [
    '--target=[::1]:9464',
    '--target=orders.shop:9464',
    '--otlp-listen=0.0.0.0:4318',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as the Collector writes it
    '--page-listen=${env:POD_IP}:8889',
  ]
  expect(await called('write', folder, ...places)).toMatchObject({ code: 0, error: '' })
})

test('a file is no folder', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  expect(await called('write', file)).toEqual({
    code: 1,
    out: '',
    error: `wombat-dashboards: ${file} is no folder: it, or what it should lie in, is a file`,
  })
})

test('written again, all is unchanged; with other objectives, what is ours is written anew', async () => {
  const folder = await temporaryFolder()
  await called('write', folder)
  const again = await called('write', folder)
  expect(again.code).toBe(0)
  expect(again.out.split('\n').every((line) => line.startsWith('unchanged: '))).toBe(true)
  const other = await called('write', folder, '--availability', '0.99')
  expect(other.out).toContain(`written anew: ${join(folder, 'rules/wombat-slo.yaml')}`)
})

test('a file of ours that is written no longer, as of another route, is named and left alone', async () => {
  const folder = await temporaryFolder()
  await called('write', folder, '--route=victoriametrics')
  const { code, out } = await called('write', folder, '--route=scrape')
  expect(code).toBe(0)
  expect(out).toContain(`left from before: ${join(folder, 'collector.yaml')}`)
  await rm(join(folder, 'collector.yaml'))
  expect((await called('write', folder)).out).not.toContain('left from before')
})

test('a file that is not ours is named and left alone, and so are all others', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'prometheus.yaml'), 'mine: true\n')
  const { code, error } = await called('write', folder)
  expect(code).toBe(1)
  expect(error).toContain(`${join(folder, 'prometheus.yaml')}: not as this command wrote it`)
  expect(await filesIn(folder)).toEqual(['prometheus.yaml'])
  expect((await called('write', folder, '--force')).code).toBe(0)
  expect(await readFile(join(folder, 'prometheus.yaml'), 'utf8')).toContain('wombat')
})

test('a file of ours that was changed is left alone, too', async () => {
  const folder = await temporaryFolder()
  await called('write', folder)
  const file = join(folder, 'rules/wombat-slo.yaml')
  await writeFile(file, `${await readFile(file, 'utf8')}# and mine\n`)
  const { code, error } = await called('write', folder, '--availability=0.99')
  expect(code).toBe(1)
  expect(error).toContain(file)
  expect(await readFile(file, 'utf8')).toContain('# and mine')
})

test.each([
  [['write', 'out', '--rout=scrape'], '--rout is no option: did you mean --route?'],
  [['write', 'out', '--route=colector-prometheus'], 'got colector-prometheus: did you mean collector-prometheus?'],
  [['wriet', 'out'], 'wriet is no command: did you mean write?'],
  [['write'], 'write needs one folder, got 0'],
  [['write', ''], 'write needs the name of a folder, got ""'],
  [['write', 'out', '--target=http://10.0.0.1:9464/metrics'], '--target must be host:port, got "http://10.0.0.1:9464/metrics"'],
  [['write', 'out', '--target=10.0.0.1'], '--target must be host:port, got "10.0.0.1"'],
  [['write', 'out', '--otlp-listen=4318'], '--otlp-listen must be host:port, got "4318"'],
  [['write', 'out', '--availability=high'], '--availability must be a number, got "high"'],
  [['write', 'out', '--rules', '--force'], '--rules needs a file'],
  [['write', 'out', '--force=yes'], '--force takes no value'],
  [['write', 'out', '--route=scrape', '--route=scrape'], '--route was given twice'],
  [['doctor', '--prometheus=http://127.0.0.1:9090'], 'doctor needs --otlp, where a canary can be sent, or --metrics'],
  [['doctor', '--otlp=http://127.0.0.1:4318'], 'doctor needs to know who should have it then'],
  [['doctor', '--metrics=http://127.0.0.1:9090/metrics'], 'doctor needs to know who should have it then'],
  [['doctor', '--otlp=localhost:4318'], '--otlp must be an address that begins with http:// or https://'],
  [['doctor', '--otlp=http://a', '--prometheus=http://b', '--otlp-header=secret'], '--otlp-header must be "name: text"'],
  [[], 'say what to do: write or doctor'],
])('%j is called wrongly, and ends with 2', async (args, complaint) => {
  const { code, error, out } = await called(...args)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error).toContain(complaint)
})

test.each([
  [['write', 'out', '--availability=99.9'], 'availability must be between 0.9306 and 1, both excluded, got 99.9'],
  [['write', 'out', '--latency-seconds=0.2'], 'latencySeconds must be a bucket bound of the latency histograms'],
  [['write', 'out', '--rules=missing.yaml'], 'missing.yaml'],
])('%j cannot be done, and ends with 1', async (args, complaint) => {
  const { code, error } = await called(...args)
  expect(code).toBe(1)
  expect(error).toContain(complaint)
})

test('the help has every option of a command, and the version is that of the package', async () => {
  const { code, out } = await called('--help')
  expect(code).toBe(0)
  for (const option of ['--route', '--latency-seconds', '--force', '--otlp', '--query-header', '--version']) {
    expect(out).toContain(option)
  }
  expect((await called('doctor', '--help')).out).not.toContain('--route')
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'))
  expect((await called('--version')).out).toBe(manifest.version)
})
