import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, 'api-reference')
const typedoc = join(folder, 'node_modules/typedoc/bin/typedoc')

test('every public export is documented, and every type of a public signature is exported', () => {
  const args = [typedoc, '--options', join(folder, 'typedoc.json'), '--emit', 'none']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status, `${stdout}${stderr}`).toBe(0)
}, 120_000)
