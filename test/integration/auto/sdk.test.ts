import { expect, test } from 'vitest'
import { applicationPath, runApplication } from './application.ts'

test.each(['cjs', 'mjs'])('a NodeSDK with our instrumentation measures an application (%s)', async (kind) => {
  const { ended, output, errors } = await runApplication(['--import', './apps/sdk.mjs', applicationPath(kind)], {
    OTEL_TRACES_EXPORTER: 'none',
  })
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  expect(JSON.parse(output.split('\n')[1] as string)).toEqual({ leveldb: 2, lmdb: 2, keyv: 1 })
})
