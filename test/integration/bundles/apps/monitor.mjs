import { startMonitoring } from '@wombat/monitor'
import Keyv from 'keyv'

async function main() {
  const monitoring = await startMonitoring({ jsonApiEnabled: false, logLevel: 'warn' })
  const store = monitoring.instrument(new Keyv(), { name: 'sessions' })
  await store.set('a', 1)
  const text = await (await monitoring.fetch(new Request('http://localhost/metrics'))).text()
  console.log(/^db_set_operations_total.*/m.exec(text)?.[0])
  await monitoring.close()
}

main()
