import { instrument } from '@wombat/instrumentation'
import { createDamagedStore, damagedKey } from '@wombat/test-support/damaged-store'
import { ClassicLevel } from 'classic-level'
import { expect, onTestFinished, test } from 'vitest'
import { folder } from './folders.ts'
import { watched } from './health-checks.ts'

test('a LevelDB with a damaged table: one read that meets it is enough, and it is nobody else’s symptom', async () => {
  const location = folder()
  await createDamagedStore(location)
  const { registry, remember, look, lookAtAll, explained } = watched()
  const db = instrument(new ClassicLevel(location), { registry, name: 'accounts' })
  onTestFinished(() => db.close())
  await db.open()
  await remember()
  expect(await look('error_rates', 'accounts')).toEqual({ status: 'healthy', message: 'No failed operations' })
  await expect(db.get(damagedKey(0))).rejects.toMatchObject({ code: 'LEVEL_CORRUPTION' })
  await new Promise((resolve) => setTimeout(resolve, 150))
  await remember()
  expect(await look('error_rates', 'accounts')).toEqual({
    status: 'critical',
    message: 'Corrupted data was found (LEVEL_CORRUPTION)',
    reason: 'corruption',
    observed: { name: 'operations that found corrupted data in the window', value: 1, unit: '{error}', bound: 0 },
  })
  const explanation = explained(await lookAtAll(), 'error_rates', 'accounts')
  expect(explanation.cause).not.toHaveProperty('check')
  expect(explanation.nextSteps[0]).toBe('Stop writing to this store.')
})
