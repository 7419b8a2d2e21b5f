// Bundles the packages that run in an application: node test/scripts/bundle.mjs
// One file takes a fraction of the time to load that hundreds of small ones take. The types stay those of tsc.
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = 'dist/bundle'

/** Bundles all packages. Also the global set-up of vitest: tests that start processes must not run an old bundle. */
export async function setup() {
  await Promise.all(['instrumentation', 'monitor'].map((name) => bundle(join(root, 'packages', name))))
}

/** Bundles the files that the package exports, each to a file of the same name; what several of them share is a chunk. */
async function bundle(packageFolder) {
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
    treeshake: { moduleSideEffects: true },
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
      groups: [{ name: 'shared', test: /instrumentation.src.(?!testing|auto.(index|import-hooks|wombat|module-d))/ }],
    },
  })
  await build.close()
}

/** Returns `auto` for `./dist/bundle/auto.js`. */
function nameOf(file) {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.js$/, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup()
