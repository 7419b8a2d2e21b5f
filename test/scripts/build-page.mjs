// Builds the page of the console, if its sources have changed: node test/scripts/build-page.mjs
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const folder = join(root, 'packages/console')
/** The sources that the page was built from. */
const stamp = join(folder, 'dist/page.sha256')

/** Builds the page of the console into `dist/page`, with Vite. */
export async function buildPage() {
  const wanted = hashSources()
  if (existsSync(stamp) && existsSync(join(folder, 'dist/page/index.html')) && readFileSync(stamp, 'utf8') === wanted) return
  const { build } = await import('vite')
  await build({
    configFile: false,
    root: join(folder, 'src/page'),
    logLevel: 'warn',
    // The page is served below any path.
    base: './',
    build: {
      outDir: join(folder, 'dist/page'),
      emptyOutDir: true,
      target: 'es2022',
      // A data address would need an exception in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      license: { fileName: 'licenses.txt' },
    },
  })
  writeFileSync(stamp, wanted)
}

function hashSources() {
  const hash = createHash('sha256')
  const sources = readdirSync(join(folder, 'src/page'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const paths = sources.map(({ parentPath, name }) => join(parentPath, name)).sort()
  const settings = ['test/scripts/build-page.mjs', 'packages/console/package.json', 'pnpm-lock.yaml']
  for (const path of [...paths, ...settings.map((name) => join(root, name))])
    hash.update(relative(root, path)).update(readFileSync(path))
  return hash.digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage()
