import { instrument } from '@wombat/instrumentation'
import { createDamagedStore, damagedKey } from '@wombat/test-support/damaged-store'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import { expect, onTestFinished, test } from 'vitest'
import { createHealthChecks } from './health-checks.ts'

test('one read of corrupted data is critical, and is not a symptom of another check', async () => {
  const location = await temporaryFolder()
  await createDamagedStore(location)
  const { registry, recordMetrics, runCheck, runAllChecks, explainResult } = createHealthChecks()
  const db = instrument(new ClassicLevel(location), { registry, name: 'accounts' })
  onTestFinished(() => db.close())
  await db.open()
  await recordMetrics()
  expect(await runCheck('error_rates', 'accounts')).toEqual({ status: 'healthy', message: 'No failed operations' })
  await expect(db.get(damagedKey(0))).rejects.toMatchObject({ code: 'LEVEL_CORRUPTION' })
  await recordMetrics()
  expect(await runCheck('error_rates', 'accounts')).toEqual({
    status: 'critical',
    message: 'Corrupted data was found (LEVEL_CORRUPTION)',
    reason: 'corruption',
    observed: { name: 'operations that found corrupted data in the window', value: 1, unit: '{error}', bound: 0 },
  })
  const explanation = explainResult(await runAllChecks(), 'error_rates', 'accounts')
  expect(explanation.cause).not.toHaveProperty('check')
  expect(explanation.nextSteps[0]).toBe('Stop writing to this store.')
})
