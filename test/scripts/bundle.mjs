// Bundles the packages that run in an application: node test/scripts/bundle.mjs
// One file takes a fraction of the time to load that hundreds of small ones take. The types stay those of tsc.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = 'dist/bundle'

/**
 * What goes into one chunk for all entries of a package: all files but its entries and what is loaded only if it is needed, because it
 * needs a package that is optional or takes long to load. A test fails if the preload loads such a package.
 */
const sharedFiles = {
  instrumentation: /instrumentation.src.(?!testing|auto.(index|import-hooks|wombat|module-definition))/,
  monitor:
    /monitor.src.(?!index|register|preload|thread|http.(?!servers|first-request)|history.sqlite|exporters.(otlp|prometheus)|alerts.(rule-file|notifiers.(?!log|notifier|create))|collection.snapshot-reader)/,
}

/** Bundles all packages. Also the global set-up of vitest: tests that start processes must not run an old bundle. */
export async function setup() {
  await Promise.all(Object.entries(sharedFiles).map(([name, shared]) => bundle(join(root, 'packages', name), shared)))
}

/** Bundles the files that the package exports, each to a file of the same name; what several of them share is a chunk. */
async function bundle(packageFolder, shared) {
  const { exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
  const built = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [target]))
  const input = Object.fromEntries(
    built.flatMap(({ source, default: main, require }) => {
      const entries = [[nameOf(main), join(packageFolder, source)]]
      // `./register` has a second file for `require`, which loads the preload by its name.
      if (require !== undefined) {
        entries.push([nameOf(require), join(packageFolder, 'src', `${nameOf(require)}.ts`)])
        entries.push(['preload', join(packageFolder, 'src/preload.ts')])
      }
      return entries
    }),
  )
  const build = await rolldown({
    input,
    platform: 'node',
    treeshake: false,
    external: (id) => !/^[./]|^[A-Z]:/i.test(id),
  })
  rmSync(join(packageFolder, folder), { recursive: true, force: true })
  await build.write({
    dir: join(packageFolder, folder),
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
  removeEmptyRuntime(join(packageFolder, folder))
}

/** Removes the chunk for rolldown's own helpers, which is empty: `./register` must run even if other files are missing. */
function removeEmptyRuntime(bundleFolder) {
  const files = readdirSync(bundleFolder).filter((file) => file.endsWith('.js'))
  const runtime = files.find((file) => file.startsWith('chunk-rolldown-runtime'))
  if (runtime === undefined) return
  const path = join(bundleFolder, runtime)
  const rest = readFileSync(path, 'utf8').replace(/^(import "node:module";|export \{\};|\/\/#.*)$/gm, '')
  if (rest.trim() !== '') throw new Error(`${runtime} is not empty: ${rest.slice(0, 200)}`)
  for (const file of files) {
    const code = readFileSync(join(bundleFolder, file), 'utf8')
    // The line stays, and with it the source map.
    writeFileSync(join(bundleFolder, file), code.replace(`import "./${runtime}";`, ''))
  }
  rmSync(path)
}

/** Returns `auto` for `./dist/bundle/auto.js`. */
function nameOf(file) {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.js$/, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup()
