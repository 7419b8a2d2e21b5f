// An application in TypeScript without a word of monitoring.
import { MemoryLevel } from 'memory-level'

const key: string = 'a'

const store = new MemoryLevel<string, string>()
await store.put(key, '1')
const page = await (await fetch(`http://127.0.0.1:${process.env['WOMBAT_PROMETHEUS_PORT']}/metrics`)).text()
process.stdout.write(/^db_set_operations_total\{store="memory"\} 1$/m.test(page) ? 'measured' : 'not measured')
