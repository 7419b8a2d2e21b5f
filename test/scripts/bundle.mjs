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
    /monitor.src.(?!index|register|preload|thread|http.(?!servers|first-request)|history.sqlite|exporters.(otlp|prometheus)|alerts.(rule-file|notifiers.(?!log|notifier|create))|collection.snapshot-reader)/,
}

/** Bundles all packages. Also the global set-up of vitest: tests that start processes must not run an old bundle. */
export async function setup() {
  const packages = Object.entries(sharedFiles).map(([name, shared]) => bundle(join(root, 'packages', name), shared))
  await Promise.all([...packages, bundleConsole(join(root, 'packages/console')), buildPage()])
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
      license: { fileName: 'licenses.txt' },
      rolldownOptions: {
        input: { index: join(packageFolder, 'src/index.ts'), cli: join(packageFolder, 'src/cli/bin.ts') },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
      },
    },
  })
  write(join(packageFolder, 'dist/bundle'), new Map(output.map(({ fileName, code, source }) => [fileName, code ?? source])))
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
  const filter = { id: /(auto|http).version\.ts$/ }
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
