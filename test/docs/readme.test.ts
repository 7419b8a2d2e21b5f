import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const packages = (await readdir(join(root, 'packages'))).map((name) => join(root, 'packages', name))
const readmes = await Promise.all([root, ...packages].map((folder) => readFile(join(folder, 'README.md'), 'utf8')))
const snippets = readmes.map((text) => [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code))
const allPorts = { WOMBAT_JSON_API_PORT: '0' }

test('the README has snippets to run, and that of each package has one', () => {
  const [ofRoot = [], ...ofPackages] = snippets
  expect(ofRoot.length).toBeGreaterThan(3)
  expect(ofPackages.map(({ length }) => length)).toEqual(packages.map(() => 1))
})

test.each(packages.map((folder) => [basename(folder), folder] as const))(
  '%s is published with the licence',
  async (_name, folder) => {
    const licence = (place: string) => readFile(join(place, 'LICENSE'), 'utf8')
    expect(await licence(folder)).toBe(await licence(root))
  },
)

test.each(snippets.flat().map((code, index) => [code.split('\n')[0], code, index] as const))(
  'snippet runs: %s',
  async (_title, code) => {
    // Beside this file, so that it finds the packages; what the snippet writes goes with the folder.
    const folder = await mkdtemp(join(import.meta.dirname, 'run-'))
    try {
      const file = join(folder, 'snippet.mjs')
      await writeFile(file, code.replace('prometheusPort: 9464', 'prometheusPort: 0'))
      const { stderr } = await promisify(execFile)(process.execPath, [file], {
        cwd: folder,
        env: { ...process.env, ...allPorts },
      })
      expect(stderr).toBe('')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
