import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/**
 * The folders of each package, lowest first: a folder imports from itself and from those before it. A file at the top level of
 * `src` may import from every folder; an entry that ends in `.ts` or `.tsx` is one such file that folders may import from. The page
 * of the console is a program of its own, so its folders have layers too.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  instrumentation: [
    'validation',
    'metrics',
    'registry',
    'otel',
    'operations',
    'recorders',
    'process',
    'engines',
    'adapters',
    'instrument.ts',
    'testing',
    'auto',
    'bundler',
  ],
  monitor: [
    'require-node.ts',
    'version.ts',
    'logger.ts',
    'component.ts',
    'http-post.ts',
    'validation',
    'time',
    'collection',
    'history',
    'events',
    'process',
    'operations',
    'alerts',
    'health',
    'processes',
    'exporters',
    'config',
    'http',
  ],
  console: ['require-node.ts', 'console-files.ts', 'page', 'connection', 'proxy', 'terminal', 'cli'],
  'console/src/page': [
    'format',
    'api',
    'theme',
    'routes.ts',
    'router.ts',
    'live',
    'data',
    'components',
    'charts',
    'views',
    'login.tsx',
    'top-bar.tsx',
    'app.tsx',
  ],
  dashboards: ['require-node.ts', 'promql.ts', 'rules', 'grafana', 'collector-config.ts', 'doctor', 'index.ts', 'cli'],
}

const importPattern = /(?:from|import)\s+'(\.[^']+)'/g

function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name),
  )
}

function relativeImports(folder: string, file: string): string[] {
  const text = readFileSync(join(folder, file), 'utf8')
  return [...text.matchAll(importPattern)].map(([, path = '']) => relative(folder, join(folder, dirname(file), path)))
}

for (const [name, order] of Object.entries(layers)) {
  const folder = join(import.meta.dirname, '../../packages', name.includes('/') ? name : `${name}/src`)
  /** Returns the layer of a file. Files at the top level that are not listed are above all folders. */
  const findLayer = (file: string): number => {
    const index = order.indexOf(file.includes('/') ? file.slice(0, file.indexOf('/')) : file)
    return index === -1 && !file.includes('/') ? order.length : index
  }

  test(`every folder of ${name} has a layer`, () => {
    expect(listSources(folder).filter((file) => findLayer(file) === -1)).toEqual([])
  })

  test(`imports of ${name} go down only`, () => {
    const upwards = listSources(folder).flatMap((file) =>
      relativeImports(folder, file)
        .filter((imported) => findLayer(imported) > findLayer(file))
        .map((imported) => `${file} imports ${imported}`),
    )
    expect(upwards).toEqual([])
  })

  test(`the imports of ${name} have no cycle`, () => {
    const cycles: string[] = []
    const finished = new Set<string>()
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' > '))
      else if (!finished.has(file)) {
        for (const imported of relativeImports(folder, file)) walk(imported, [...path, file])
        finished.add(file)
      }
    }
    for (const file of listSources(folder)) walk(file, [])
    expect(cycles).toEqual([])
  })
}

test('instrumentation depends on no other package of the workspace, and dashboards do not depend on the SDK', () => {
  const readDependencies = (name: string): string[] => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../packages', name, 'package.json'), 'utf8'))
    const isOptional = (name: string): boolean => manifest.peerDependenciesMeta?.[name]?.optional === true
    return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) => !isOptional(name))
  }
  expect(readDependencies('instrumentation')).toEqual(['@opentelemetry/api'])
  expect(readDependencies('monitor').filter((name) => name.startsWith('@wombat/'))).toEqual([
    '@wombat/console',
    '@wombat/instrumentation',
  ])
  // The console is a program that is complete in itself: who installs the monitor installs nothing else for it.
  expect(readDependencies('console')).toEqual([])
  // Rule files and the configuration of the Collector are YAML; an unknown option is reported with the nearest name.
  expect(readDependencies('dashboards').filter((name) => !name.startsWith('@wombat/'))).toEqual(['fastest-levenshtein', 'yaml'])
})
