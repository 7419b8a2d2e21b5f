// Random operations on a database and on a measured one. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=200000 npx vitest run test/differential
import { instrument, type MetricsRegistry } from '@wombat/instrumentation'
import { compareWithBare } from '@wombat/test-support/differential'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { type Level, type LevelState, levelSteps } from './level-steps.ts'

const steps = Number(process.env['WOMBAT_FUZZ_STEPS'] ?? 1500)
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 2').split(' ').map(Number)

const databases: Readonly<Record<string, () => Promise<object>>> = {
  'memory-level 3': async () => new MemoryLevel({ storeEncoding: 'utf8' }),
  'classic-level 3': async () => new ClassicLevel(await temporaryFolder()),
}

for (const [name, create] of Object.entries(databases)) {
  test.each(seeds)(
    `${name}, measured, does what it does unmeasured, and every operation is counted (seed %i)`,
    async (seed) => {
      const result = await compareWithBare<LevelState>(
        {
          async open(registry: MetricsRegistry | undefined) {
            const created = await create()
            if (registry !== undefined) instrument(created, { name: 'measured', registry })
            const root = created as Level
            await root.open()
            return { root, abandoned: [] }
          },
          next: levelSteps((await create()) as Partial<Record<keyof Level, unknown>>),
          async finish({ root }) {
            const content = await root.iterator().all()
            await root.close()
            return content
          },
        },
        { seed, steps },
      )
      if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined) console.log(name, seed, result.steps, result.operations)
      expect(result.differences).toEqual([])
      expect(result.operations).toBeGreaterThan(steps / 2)
    },
    600_000,
  )
}
