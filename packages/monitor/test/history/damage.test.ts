import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'
import { damages, openDamagedFiles, writeWhole } from './damaged-files.ts'

/** Files in all; see test/README.md. */
const files = Number(process.env['WOMBAT_DAMAGED_FILES'] ?? 150)

test.each(Object.keys(damages).map((kind, index) => [kind, 101 + index] as const))(
  'every file opens, gives only what was written, and says what is lost: %s',
  { timeout: 3_600_000 },
  async (kind, seed) => {
    const directory = await temporaryFolder()
    const whole = join(directory, 'whole.db')
    await writeWhole(whole)
    const figures = await openDamagedFiles(whole, directory, kind, Math.ceil(files / Object.keys(damages).length), seed)
    if (process.env['WOMBAT_DAMAGED_FILES'] !== undefined) process.stderr.write(`${kind}: ${JSON.stringify(figures)}\n`)
    expect(figures.violations).toEqual([])
  },
)
