import { symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import commonjsPlugin from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { esbuildPlugin, rollupPlugin } from '@wombat/instrumentation/bundler'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { build as esbuild } from 'esbuild'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import { expect, test } from 'vitest'
import { preload, runApplication } from '../auto/application.ts'

// Its types describe a CommonJS module; Node loads its ES module.
const commonjs = commonjsPlugin as unknown as typeof commonjsPlugin.default

const fileIn = (folder: string, format: Format): string => join(folder, format === 'esm' ? 'app.mjs' : 'app.cjs')
const source = (name: string): string => join(import.meta.dirname, 'apps', name)

type Format = 'esm' | 'cjs'
interface BundleOptions {
  readonly input: string
  readonly file: string
  readonly format: Format
  readonly plugin: boolean
}

/** In an ES module, esbuild needs a `require` for the modules of Node that CommonJS modules load. */
const esbuildBanner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

const bundlers: Readonly<Record<string, (options: BundleOptions) => Promise<unknown>>> = {
  esbuild: ({ input, file, format, plugin }) =>
    esbuild({
      entryPoints: [input],
      outfile: file,
      bundle: true,
      minify: true,
      platform: 'node',
      format,
      logLevel: 'error',
      plugins: plugin ? [esbuildPlugin()] : [],
      ...(format === 'esm' && { banner: { js: esbuildBanner } }),
    }),
  async rollup({ input, file, format, plugin }) {
    const bundle = await rollup({
      input,
      plugins: [...(plugin ? [rollupPlugin()] : []), nodeResolve({ preferBuiltins: true }), commonjs()],
      onwarn: () => {},
    })
    await bundle.write({ file, format, inlineDynamicImports: true })
  },
  async rolldown({ input, file, format, plugin }) {
    const bundle = await rolldown({ input, platform: 'node', plugins: plugin ? [rollupPlugin()] : [], logLevel: 'silent' })
    await bundle.write({ file, format, codeSplitting: false })
  },
  vite: ({ input, file, plugin }) =>
    vite({
      configFile: false,
      logLevel: 'silent',
      plugins: plugin ? [rollupPlugin()] : [],
      ssr: { noExternal: true },
      build: { ssr: input, outDir: dirname(file), rolldownOptions: { output: { entryFileNames: basename(file) } } },
    }),
}

interface RunOptions {
  readonly plugin?: boolean
  readonly node?: readonly string[]
}

/** Bundles an application to a folder from which it finds no packages, and runs it. */
async function runBundle(bundler: string, name: string, format: Format, { plugin = true, node = [] }: RunOptions) {
  const file = fileIn(await temporaryFolder(), format)
  await bundlers[bundler]?.({ input: source(name), file, format, plugin })
  return runAndCount(file, node)
}

/** Bundles an application to a folder from which it finds the packages of the workspace, which the bundle leaves outside. */
async function bundlePartly(name: string, format: Format, external: string[]): Promise<string> {
  const folder = await temporaryFolder()
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'))
  const file = fileIn(folder, format)
  await esbuild({
    entryPoints: [source(name)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format,
    external,
    ...(format === 'esm' && { banner: { js: esbuildBanner } }),
  })
  return file
}

/** Runs a bundle, and returns what it prints and how many sets were counted in each store. */
async function runAndCount(file: string, node: readonly string[]) {
  const receiver = await startOtlpReceiver()
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    WOMBAT_LOG_LEVEL: 'warn',
    NODE_PATH: '',
  }
  const { ended, output, errors } = await runApplication([...node, file], environment)
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  const body = receiver.received[0]?.body
  const sets = (store: string) => (body === undefined ? undefined : otlpValue(body, 'db_set_operations_total', { store }))
  return { output, sets: Object.fromEntries(['memory', 'keyv', 'node-cache'].map((store) => [store, sets(store)])) }
}

const withPreload = { node: ['--import', preload] }

test.each([
  ['esbuild', 'app.mjs', 'esm'],
  ['esbuild', 'app.mjs', 'cjs'],
  ['esbuild', 'app.cjs', 'cjs'],
  ['rollup', 'app.mjs', 'esm'],
  ['rolldown', 'app.mjs', 'esm'],
  ['rolldown', 'app.cjs', 'cjs'],
  ['vite', 'app.mjs', 'esm'],
] as const)('with the plugin, the preload finds the stores in a bundle of %s from %s as %s', async (bundler, name, format) => {
  const { output, sets } = await runBundle(bundler, name, format, withPreload)
  // Two in a database of memory-level and one in unstorage; one in each of two versions of keyv.
  expect({ output, sets }).toEqual({ output: 'done\n', sets: { memory: 3, keyv: 2, 'node-cache': 1 } })
})

test('without the plugin, the preload finds none of them', async () => {
  const { output, sets } = await runBundle('esbuild', 'app.mjs', 'esm', { ...withPreload, plugin: false })
  expect({ output, sets }).toEqual({ output: 'done\n', sets: { memory: undefined, keyv: undefined, 'node-cache': undefined } })
})

test.each([
  ['esbuild', 'esm'],
  ['esbuild', 'cjs'],
  ['rolldown', 'esm'],
  ['rolldown', 'cjs'],
] as const)(
  'an instrumentation in the bundle of %s as %s finds the stores, and instrument() measures them',
  async (bundler, format) => {
    const { output } = await runBundle(bundler, 'own.mjs', format, {})
    expect(JSON.parse(output)).toEqual({ found: 1, named: 1 })
  },
)

test.each(['esm', 'cjs'] as const)(
  'without the plugin, the preload finds stores that a bundle as %s leaves outside',
  async (format) => {
    const external = ['keyv', 'keyv5', 'memory-level', 'node-cache', 'unstorage']
    const file = await bundlePartly(format === 'esm' ? 'app.mjs' : 'app.cjs', format, external)
    // Node does not tell an import that keyv5 is another name of keyv.
    expect(await runAndCount(file, withPreload.node)).toEqual({
      output: 'done\n',
      sets: { memory: 3, keyv: format === 'esm' ? 1 : 2, 'node-cache': 1 },
    })
  },
)

test.each(['esm', 'cjs'] as const)(
  'a bundle as %s that leaves the monitor outside starts it, and measures its stores',
  async (format) => {
    const file = await bundlePartly('monitor.mjs', format, ['@wombat/*', '@opentelemetry/*'])
    const { ended, output, errors } = await runApplication([file])
    expect({ ended, output, errors }).toEqual({ ended: 0, output: 'db_set_operations_total{store="sessions"} 1\n', errors: '' })
  },
)
