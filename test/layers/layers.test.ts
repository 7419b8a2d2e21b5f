import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

// Lower rooms know nothing of higher ones. Within a room imports are free, as long as they make no circle.
const rooms: Readonly<Record<string, ReadonlyArray<readonly string[]>>> = {
  instrumentation: [
    ['amount', 'clock', 'definition', 'labels', 'error-kind', 'error-type', 'semconv'],
    [
      'cell',
      'histogram-layout',
      'histogram-reading',
      'histogram',
      'series',
      'metric',
      'definitions',
      'sources',
      'measured-store',
      'operation-watch',
      'registry',
    ],
    [
      'operation-recorder',
      'operation-span',
      'scan-operation',
      'operations-in-flight',
      'store-operations',
      'timed',
      'method-patch',
      'time-methods',
      'database-metrics',
      'storage-metrics',
    ],
    ['adapter', 'engines/', 'stores/'],
    ['instruments', 'shared-registry'],
    ['instrument', 'testing', 'testing-outcome', 'testing-probe', 'auto', 'auto/'],
    ['index'],
  ],
  monitor: [
    ['logger', 'exported', 'busy', 'operation-cost', 'config-complaint'],
    ['registry-producer', 'snapshot', 'snapshot-reader'],
    ['indicators', 'history/'],
    ['process/'],
    ['operations/'],
    ['alerts/', 'health/'],
    ['exporters/'],
    [
      'config-options',
      'config-structure',
      'config',
      'otlp-settings',
      'notifiers-of',
      'resource',
      'detail',
      'history-of',
      'alerting',
      'watching',
      'health-of',
    ],
    ['query', 'http/'],
    ['doors', 'routes-of'],
    ['monitoring'],
    ['monitor'],
    ['index', 'preload', 'register', 'register-required'],
  ],
  dashboards: [
    ['promql'],
    ['alert-rules', 'rule-group', 'objectives', 'latency-bound', 'recording-rules', 'slo', 'rule-file', 'default-rule-files'],
    ['dashboards/'],
    ['collector-config', 'doctor/'],
    ['index'],
    ['cli/'],
    ['cli'],
  ],
}

const importPattern = /(?:from|import)\s+'(\.[^']+)'/g

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  )
}

function importsOf(folder: string, file: string): string[] {
  const text = readFileSync(join(folder, file), 'utf8')
  return [...text.matchAll(importPattern)].map(([, path = '']) => relative(folder, join(folder, dirname(file), path)))
}

for (const [name, layers] of Object.entries(rooms)) {
  const folder = join(import.meta.dirname, '../../packages', name, 'src')
  const roomOf = (file: string): number =>
    layers.findIndex((files) => files.some((entry) => (entry.endsWith('/') ? file.startsWith(entry) : file === `${entry}.ts`)))

  test(`every file of ${name} has a room`, () => {
    expect(sourcesOf(folder).filter((file) => roomOf(file) === -1)).toEqual([])
  })

  test(`imports of ${name} go down only`, () => {
    const upwards = sourcesOf(folder).flatMap((file) =>
      importsOf(folder, file)
        .filter((imported) => roomOf(imported) > roomOf(file))
        .map((imported) => `${file} imports ${imported}`),
    )
    expect(upwards).toEqual([])
  })

  test(`no imports of ${name} make a circle`, () => {
    const circles: string[] = []
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' > '))
      else for (const imported of importsOf(folder, file)) walk(imported, [...path, file])
    }
    for (const file of sourcesOf(folder)) walk(file, [])
    expect(circles).toEqual([])
  })
}

test('packages depend downwards: instrumentation on none of ours, dashboards not on the SDK', () => {
  const dependenciesOf = (name: string): string[] => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../packages', name, 'package.json'), 'utf8'))
    const isOptional = (name: string): boolean => manifest.peerDependenciesMeta?.[name]?.optional === true
    return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) => !isOptional(name))
  }
  expect(dependenciesOf('instrumentation')).toEqual(['@opentelemetry/api'])
  expect(dependenciesOf('monitor').filter((name) => name.startsWith('@wombat/'))).toEqual(['@wombat/instrumentation'])
  // Rule files and the Collector's configuration are YAML, for people to read; a mistyped option is answered with the nearest one.
  expect(dependenciesOf('dashboards').filter((name) => !name.startsWith('@wombat/'))).toEqual(['fastest-levenshtein', 'yaml'])
})
