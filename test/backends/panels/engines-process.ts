// Opens a store on every engine except LevelDB under a small load, for panels that LevelDB leaves empty:
// node engines-process.ts OTLP-URL FOLDER. Sends its /metrics URL to its parent and ends with it.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { instrument } from '@wombat/instrumentation'
import { startMonitoring } from '@wombat/monitor'
import { isRocksdbInstalled, loadRocksdb } from '@wombat/test-support/rocksdb'
import { load, smallMemtables } from '@wombat/test-support/rocksdb-load'
import { Keyv } from 'keyv'
import { open } from 'lmdb'
import { LogStore } from '../../../examples/own-store/log-store.ts'
import { logStore } from '../../../examples/own-store/log-store-adapter.ts'

const [otlpUrl = '', folder = ''] = process.argv.slice(2)
process.on('SIGTERM', () => process.exit())
process.on('disconnect', () => process.exit())

const monitoring = await startMonitoring({
  prometheusEnabled: true,
  prometheusPort: 0,
  jsonApiEnabled: false,
  logLevel: 'error',
  otlp: { url: otlpUrl, intervalMs: 1000 },
  resource: { 'service.name': 'other-engines' },
})
const { registry } = monitoring
const measured = <Store extends object>(store: Store, name: string): Store => monitoring.instrument(store, { name })

const pages = measured(open<string, string>({ path: join(folder, 'pages') }), 'pages')
const cache = measured(new Map<string, string>(), 'cache')
const sessions = measured(new Keyv<string>(), 'sessions')
const reports = measured(new DatabaseSync(join(folder, 'reports.sqlite')), 'reports')
const own = instrument(await LogStore.open(join(folder, 'own.log')), { registry, name: 'own', adapter: logStore })
const events = isRocksdbInstalled ? measured(new (loadRocksdb())(join(folder, 'events'), smallMemtables), 'events') : undefined
await events?.ready()
reports.exec('CREATE TABLE report (text TEXT)')

const anyKey = (): string => `key ${Math.floor(Math.random() * 500)}`
const anyValue = (): string => randomBytes(100).toString('hex')

process.send?.(`${monitoring.addresses.prometheus}/metrics`)
for (;;) {
  for (let done = 0; done < 20; done++) {
    await pages.put(anyKey(), anyValue())
    pages.get(anyKey())
    cache.set(anyKey(), anyValue())
    cache.get(anyKey())
    await sessions.set(anyKey(), anyValue())
    await sessions.get(anyKey())
    reports.exec(`INSERT INTO report VALUES ('${anyValue()}')`)
    await own.set(anyKey(), anyValue())
    await events?.get(anyKey())
  }
  await pages.transaction(() => pages.put(anyKey(), anyValue()))
  await own.compact()
  if (events !== undefined) {
    await load(events)
    await events.flush()
    await events.compactRange()
  }
  await sleep(500)
}
