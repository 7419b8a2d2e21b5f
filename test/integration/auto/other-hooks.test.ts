import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { expect, test } from 'vitest'
import { preload, runApplication } from './application.ts'

// Older versions of Node have no synchronous loader hooks.
const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number)
const hasHooks = major > 24 || (major === 24 && minor > 11) || (major === 22 && (minor > 22 || (minor === 22 && patch >= 3)))

// Without LMDB: it cannot be imported if hooks wrap every module.
const application = "import 'node:os'; import { Keyv } from 'keyv'; await new Keyv().set('EUR', 1.1)"

test.skipIf(!hasHooks).each([
  ['before ours', ['./apps/other-hooks.mjs', preload]],
  ['after ours', [preload, './apps/other-hooks.mjs']],
])('loader hooks of another library %s work, and ours do too', async (_when, preloads) => {
  const receiver = await startOtlpReceiver()
  const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const args = [...preloads.map((file) => `--import=${file}`), '--input-type=module', '--eval', application]
  const { ended, output, errors } = await runApplication(args, { ...otlp, WOMBAT_LOG_LEVEL: 'warn' })
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  expect(output).toContain('saw keyv\n')
  expect(output).toContain('saw os\n')
  expect(otlpValue(receiver.received[0]?.body as Buffer, 'db_set_operations_total', { store: 'keyv' })).toBe(1)
})
