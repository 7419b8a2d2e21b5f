import { areInstalled } from '@wombat/test-support/backend-programs'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { isPm2Installed, pm2Title } from './pm2.ts'
import { type Kind, soak } from './soak.ts'

/** Ten minutes of each kind: SOAK_SECONDS=600 npx vitest run test/processes */
const seconds = Number(process.env['SOAK_SECONDS'] ?? 12)
/** What a process that is killed may not have sent: it does at most 2000 puts a second, and sends every tenth of a second if it has its turns. */
const maxLostPerKill = 1000

async function run(kind: Kind): Promise<void> {
  const result = await soak({ kind, folder: await temporaryFolder(), seconds, endEverySeconds: seconds > 60 ? 5 : 1.5 })
  const { counted, served, killed, closed, samples, decreases } = result
  process.stdout.write(`${kind}: ${JSON.stringify({ ...result, missing: counted - served })}\n`)
  expect(killed).toBeGreaterThan(0)
  expect(closed).toBeGreaterThan(0)
  // The count of a killed process may be ten puts behind.
  expect(served).toBeLessThanOrEqual(counted + 10 * killed)
  expect(served).toBeGreaterThanOrEqual(counted - maxLostPerKill * killed)
  expect(samples).toBeGreaterThan(seconds)
  expect(decreases).toBe(0)
}

const timeoutMs = (seconds + 120) * 1000

describe.skipIf(!areInstalled('prometheus'))(
  'while processes are killed and started again, the sums are right and never decrease',
  () => {
    test.each(['cluster', 'fork', 'threads'] as const)('%s', run, timeoutMs)

    test.skipIf(!isPm2Installed)(pm2Title('PM2'), () => run('pm2'), timeoutMs)
  },
)
