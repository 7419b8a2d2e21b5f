import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
const snippets = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code)
const allPorts = { WOMBAT_JSON_API_PORT: '0' }

test('the README has snippets to run', () => {
  expect(snippets.length).toBeGreaterThan(3)
})

test.each(snippets.map((code, index) => [code.split('\n')[0], code, index] as const))(
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
