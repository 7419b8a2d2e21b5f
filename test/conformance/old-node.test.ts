import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What Node has got since version 18, of the modules that the packages use. A module with `*` is new as a whole. */
const newNames: Readonly<Record<string, readonly string[]>> = {
  'node:module': ['registerHooks', 'register', 'enableCompileCache', 'findPackageJSON', 'stripTypeScriptTypes'],
  'node:zlib': ['zstdCompress', 'zstdDecompress', 'zstdCompressSync', 'zstdDecompressSync', 'crc32'],
  'node:sqlite': ['*'],
  'node:util': ['getSystemErrorMessage', 'styleText', 'getCallSites', 'diff', 'MIMEType', 'parseEnv'],
  'node:fs': ['glob', 'globSync', 'openAsBlob'],
  'node:fs/promises': ['glob'],
  'node:diagnostics_channel': ['boundedChannel'],
  'node:events': ['addAbortListener'],
}

function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
}

// An import of a name that does not exist is a SyntaxError, before the sentence about the version can be printed.
test.each(['instrumentation', 'monitor', 'console', 'dashboards'])(
  '%s imports nothing by name that an older Node does not have',
  (name) => {
    const found = listSources(join(root, 'packages', name, 'src')).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^import (?!type)([^'\n]*) from '(node:[^']+)'/gm)].flatMap(
        ([, names = '', module = '']) => {
          const imported = [...(/\{(.*)\}/.exec(names)?.[1] ?? '').matchAll(/(type )?(\w+)(?: as \w+)?/g)]
          const values = imported.filter(([, isType]) => isType === undefined).map(([, , value = '']) => value)
          const unknown = newNames[module] ?? []
          return unknown.includes('*')
            ? [`${file}: ${module}`]
            : values.filter((value) => unknown.includes(value)).map((value) => `${file}: ${value}`)
        },
      ),
    )
    expect(found).toEqual([])
  },
)

const entries = {
  '@wombat/instrumentation': [
    'instrumentation/dist/bundle/index.js',
    'instrumentation/dist/bundle/auto.js',
    'instrumentation/dist/bundle/testing.js',
  ],
  '@wombat/monitor': ['monitor/dist/bundle/index.js'],
  '@wombat/dashboards': ['dashboards/dist/index.js', 'dashboards/dist/cli/bin.js'],
}

const pretend = (version: string): string =>
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`

for (const [name, files] of Object.entries(entries)) {
  test.each(files)(`an older Node gets one sentence from ${name} (%s)`, (file) => {
    const run = (version: string) => {
      const url = pathToFileURL(join(root, 'packages', file)).href
      return spawnSync(process.execPath, ['--import', pretend(version), '--input-type=module', '-e', `await import('${url}')`], {
        encoding: 'utf8',
      })
    }
    for (const version of ['20.19.5', '22.14.0']) {
      expect(run(version).stderr).toContain(`Error: ${name} needs Node 22.15 or later, this is Node ${version}\n`)
    }
  })
}

test('the preload of an older Node prints one line, and the application runs', () => {
  const register = pathToFileURL(join(root, 'packages/monitor/dist/bundle/register.js')).href
  const args = ['--import', pretend('20.19.5'), '--import', register, '-e', "console.log('the application runs')"]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect({ stdout, stderr, status }).toEqual({
    stdout: 'the application runs\n',
    stderr:
      'wombat: monitoring is off, the application runs without it: @wombat/monitor needs Node 22.15 or later, this is Node 20.19.5\n',
    status: 0,
  })
})
