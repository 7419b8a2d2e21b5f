import { join } from 'node:path'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { expect, test } from 'vitest'
import { preload, runApplication } from './application.ts'

const folder = join(import.meta.dirname, '../../rocksdb')

const use = `
  const db = new RocksDB(path.join(process.env.TMPDIR, 'db'))
  const users = db.session({ columnFamily: 'users' })
  users.put('ann', '1').then(() => db.put('a', '1')).then(() => users.close()).then(() => db.close())
`

test.skipIf(!isRocksdbInstalled).each([
  ['require', 'commonjs', `const path = require('node:path'); const RocksDB = require('rocksdb-native'); ${use}`],
  ['import', 'module', `import path from 'node:path'; import RocksDB from 'rocksdb-native'; ${use}`],
])(rocksdbTitle('rocksdb-native is found by %s, and counted as one store with its sessions'), async (_how, type, code) => {
  const receiver = await startOtlpReceiver()
  const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const args = ['--import', preload, `--input-type=${type}`, '--eval', code]
  const { ended, errors } = await runApplication(args, { ...otlp, WOMBAT_LOG_LEVEL: 'warn' }, folder)
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  expect(otlpValue(receiver.received[0]?.body as Buffer, 'db_set_operations_total', { store: 'rocksdb' })).toBe(2)
})
