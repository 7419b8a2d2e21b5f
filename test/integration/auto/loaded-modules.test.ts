import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { preload, runApplication } from './application.ts'

/** Prints the modules that are loaded after it, and the modules of Node, when the process ends. */
const listModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const urls = []
  registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
  process.on('exit', () => console.log(JSON.stringify({ urls, ofNode: process.moduleLoadList })))
`)}`

/** Returns the packages that a process loads, how many files of each, and the modules of Node. */
async function loadedBy(specifier: string, environment: Readonly<Record<string, string>> = {}) {
  const args = ['--import', listModules, '--import', specifier, '--eval', '0']
  const { ended, output, errors } = await runApplication(args, { WOMBAT_LOG_LEVEL: 'warn', ...environment })
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  const { urls, ofNode }: { urls: string[]; ofNode: string[] } = JSON.parse(output)
  const files: Record<string, number> = {}
  for (const url of urls.filter((one) => one.startsWith('file:'))) {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? `@wombat/${/\/packages\/([^/]+)\//.exec(url)?.[1]}`
    files[name] = (files[name] ?? 0) + 1
  }
  return { files, ofNode: ofNode.map((name) => name.replace('NativeModule ', '')) }
}

/** Node 22 itself needs `crypto` for its hooks, and its hooks do not see what `createRequire` loads. */
const isNode22 = process.versions.node.startsWith('22.')

/** Of each takes milliseconds and megabytes to load. */
const costlyModulesOfNode = ['internal/deps/undici/undici', 'http2', 'sqlite', ...(isNode22 ? [] : ['crypto'])]

test('the instrumentation loads few files, and no other package', async () => {
  const { files, ofNode } = await loadedBy('@wombat/instrumentation')
  expect(Object.keys(files).sort()).toEqual(['@wombat/instrumentation'])
  expect(files['@wombat/instrumentation']).toBeLessThanOrEqual(4)
  expect(ofNode.filter((name) => [...costlyModulesOfNode, 'http'].includes(name))).toEqual([])
})

test('with the defaults the preload loads only what it needs at the start', async () => {
  const { files, ofNode } = await loadedBy(preload)
  const { '@wombat/instrumentation': instrumentation, '@wombat/monitor': monitor, ...others } = files
  expect(instrumentation).toBeLessThanOrEqual(8)
  expect(monitor).toBeLessThanOrEqual(8)
  expect(Object.keys(others).filter((name) => !isNeeded(name))).toEqual([])
  expect(ofNode.filter((name) => costlyModulesOfNode.includes(name))).toEqual([])
})

/** The instrumentation of OpenTelemetry with its dependencies finds the stores. */
function isNeeded(name: string): boolean {
  const ofOpenTelemetry = [
    '@opentelemetry/api',
    '@opentelemetry/instrumentation',
    'import-in-the-middle',
    'require-in-the-middle',
  ]
  const ofHooks = ['debug', 'ms', 'supports-color', 'has-flag', 'module-details-from-path', 'es-module-lexer', 'cjs-module-lexer']
  return [...ofOpenTelemetry, ...ofHooks, 'fastest-levenshtein'].includes(name)
}

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  ['OTLP', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, '@opentelemetry/sdk-metrics'],
  ...(isNode22 ? [] : [['a line of the log', { WOMBAT_LOG_LEVEL: 'info' }, 'pino'] as const]),
])('%s loads what it needs', async (_what, environment, name) => {
  const args = ['--import', listModules, '--import', preload, '--eval', '0']
  const { output } = await runApplication(args, { WOMBAT_LOG_LEVEL: 'warn', WOMBAT_CLOSE_TIMEOUT_MS: '0', ...environment })
  expect(output).toContain(`/node_modules/${name}/`)
})

test('the bundles are Latin: V8 keeps other sources in two bytes for each character', () => {
  for (const name of ['instrumentation', 'monitor']) {
    const folder = join(import.meta.dirname, '../../../packages', name, 'dist/bundle')
    const main = readdirSync(folder).filter((file) => /^chunk-shared.*\.js$/.test(file))
    expect(main).not.toEqual([])
    for (const file of main) {
      const others = [...readFileSync(join(folder, file), 'utf8')].filter((character) => character > '\u00ff')
      expect(others).toEqual([])
    }
  }
})
