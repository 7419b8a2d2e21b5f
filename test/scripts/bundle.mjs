// Bundles the packages that run in an application: node test/scripts/bundle.mjs
// One file takes a fraction of the time to load that hundreds of small ones take. The types stay those of tsc.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { buildPage } from './build-page.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * What goes into one chunk for all entries of a package: all files but its entries and what is loaded only if it is needed, because it
 * needs a package that is optional or takes long to load. A test fails if the preload loads such a package.
 */
const sharedFiles = {
  instrumentation: /instrumentation.src.(?!testing|bundler|auto.(index|import-hooks|wombat|module-definition))/,
  monitor:
    /monitor.src.(?!index|register|preload|thread|http.(?!servers|first-request|lazy-authentication|credential-options)|history.sqlite|exporters.(otlp|prometheus)|alerts.(rule-file|notifiers.(?!log|notifier|create))|collection.snapshot-reader)/,
}

const licensesFile = 'licenses.txt'

/** The copyright of packages with the MIT license that do not include it, from their sources. */
const missingCopyrights = { 'yoga-layout': 'Copyright (c) Meta Platforms, Inc. and affiliates.' }

const mitText = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** Bundles all packages. Also the global set-up of vitest: tests that start processes must not run an old bundle. */
export async function setup() {
  const { NODE_ENV: environment = 'production' } = process.env
  // Vitest sets it to `test`, and Vite would build what is for development.
  process.env.NODE_ENV = 'production'
  try {
    const packages = Object.entries(sharedFiles).map(([name, shared]) => bundle(join(root, 'packages', name), shared))
    await Promise.all([...packages, bundleConsole(join(root, 'packages/console')), buildPage()])
  } finally {
    process.env.NODE_ENV = environment
  }
}

/** Bundles the console with all that it needs: who installs the monitor installs no framework for pages or terminals. */
async function bundleConsole(packageFolder) {
  // Vite, because it collects the licenses of what is bundled.
  const { build } = await import('vite')
  const { output } = await build({
    configFile: false,
    root: packageFolder,
    logLevel: 'warn',
    publicDir: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    // Ink loads it only if an environment variable asks for it.
    ssr: { target: 'node', noExternal: true, external: ['react-devtools-core'] },
    build: {
      ssr: true,
      write: false,
      target: 'node22',
      minify: true,
      license: { fileName: licensesFile },
      rolldownOptions: {
        input: { index: join(packageFolder, 'src/index.ts'), cli: join(packageFolder, 'src/cli/bin.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
      },
    },
  })
  const files = new Map(output.map(({ fileName, code, source }) => [fileName, code ?? source]))
  files.set(licensesFile, addLicenseTexts(files.get(licensesFile)))
  write(join(packageFolder, 'dist/bundle'), files)
}

/** Adds the license of packages that do not include its text. @throws Error if the text of another one is missing. */
function addLicenseTexts(licenses) {
  return licenses.replace(/^## (\S+) - .*\n(?=\s*(## |$(?!\s*\S)))/gm, (heading, name) => {
    const copyright = missingCopyrights[name]
    if (copyright === undefined) throw new Error(`${name} includes no license: add its copyright to missingCopyrights`)
    return `${heading}\nMIT License\n\n${copyright}\n\n${mitText}\n`
  })
}

/** Bundles the files that the package exports, each to a file of the same name; what several of them share is a chunk. */
async function bundle(packageFolder, shared) {
  const { exports, version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  const main = Object.entries(exports).filter(([name, target]) => typeof target === 'object' && name !== './register')
  const input = Object.fromEntries(main.map(([, target]) => [nameOf(target.default), join(packageFolder, target.source)]))
  if ('./register' in exports) input.preload = join(packageFolder, 'src/preload.ts')
  const build = await rolldown({
    input,
    platform: 'node',
    treeshake: false,
    external: (id) => !/^[./]|^[A-Z]:/i.test(id),
    plugins: [versionConstant(version)],
  })
  const { output } = await build.generate({
    // Source maps name their sources relative to it.
    dir: join(packageFolder, 'dist/bundle'),
    format: 'es',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunk-[name]-[hash].js',
    // Comments are in the sources, which are published, too.
    comments: false,
    codeSplitting: {
      groups: [
        // Evaluated before everything that an older Node does not have.
        { name: 'require-node', test: /require-node/, priority: 2 },
        { name: 'shared', test: shared, priority: 1 },
      ],
    },
  })
  await build.close()
  const files = new Map(output.map(({ fileName, code, source }) => [fileName, code ?? source]))
  if ('./register' in exports) for (const [name, code] of registers(packageFolder)) files.set(name, code)
  write(join(packageFolder, 'dist/bundle'), files)
}

/** Replaces the module that reads the version from the manifest: a bundled application has none. */
function versionConstant(version) {
  const filter = { id: /(auto|src).version\.ts$/ }
  return { name: 'version', load: { filter, handler: () => `export const version = ${JSON.stringify(version)}` } }
}

/** The files of `./register` import nothing but the preload, when they run: they report that something is missing. tsc has built them. */
function registers(packageFolder) {
  return ['register.js', 'register-require.js'].map((name) => {
    const code = readFileSync(join(packageFolder, 'dist', name), 'utf8')
    return [name, code.replace(/^\/\/# sourceMappingURL=.*$/m, '')]
  })
}

/** Writes what has changed, and removes what is left of an older bundle: processes may be loading the others. */
function write(folder, files) {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of files) {
    const file = join(folder, name)
    if (!existsSync(file) || readFileSync(file, 'utf8') !== content) writeFileSync(file, content)
  }
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name))
}

/** Returns `auto` for `./dist/bundle/auto.js`. */
function nameOf(file) {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.js$/, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup()
