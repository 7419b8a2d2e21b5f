import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'
import { damages, openDamagedFiles, writeWhole } from './damaged-files.ts'

/** Files in all; see test/README.md. */
const files = Number(process.env['DAMAGED_FILES'] ?? 100)

/** Share of the samples that is whole at least: a lost page takes what is behind it, and 50 bits hit every second page of such a small file. */
const minKeptShares: Readonly<Record<string, number>> = {
  'one flipped bit': 0.9,
  '50 flipped bits': 0.05,
  truncated: 0.1,
  'two blocks swapped': 0.5,
  'a block overwritten': 0.7,
}

test.each(Object.keys(damages).map((kind, index) => [kind, 101 + index] as const))(
  'every file opens, gives only what was written, and says what is lost: %s',
  { timeout: 3_600_000 },
  async (kind, seed) => {
    const directory = await temporaryFolder()
    const whole = join(directory, 'whole.db')
    await writeWhole(whole)
    const figures = await openDamagedFiles(whole, directory, kind, Math.ceil(files / Object.keys(damages).length), seed)
    if (process.env['DAMAGED_FILES'] !== undefined) process.stderr.write(`${kind}: ${JSON.stringify(figures)}\n`)
    expect(figures.violations).toEqual([])
    expect(figures.keptShare).toBeGreaterThan(minKeptShares[kind] as number)
  },
)
