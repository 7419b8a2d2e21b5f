// The same application as an ES module, with every form of import.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Keyv from 'keyv'
import * as level from 'level'
import { open } from 'lmdb'

const folder = mkdtempSync(join(tmpdir(), 'app-'))
const orders = new level.Level(join(folder, 'orders'))
const sessions = open({ path: join(folder, 'sessions') })
const rates = new Keyv()

sessions.putSync('opened', Date.now())
const first = orders.put('1', 'tea')

await first
await orders.sublevel('archive').put('0', 'coffee')
await sessions.openDB('users').put('ann', 1)
await rates.set('EUR', 1.1)
console.log(await orders.get('1'), sessions.openDB('users').get('ann'), await rates.get('EUR'))
await new Promise((resolve) => process.stdin.on('end', resolve).resume())
await Promise.all([orders.close(), sessions.close(), rates.disconnect()])
