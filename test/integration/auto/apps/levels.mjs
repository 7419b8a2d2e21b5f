// The same application as an ES module.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import encode from 'encoding-down'
import { Level } from 'level8'
import leveldown from 'leveldown'
import levelup from 'levelup'
import memdown from 'memdown'

const folder = mkdtempSync(join(tmpdir(), 'levels-'))
const orders = new Level(join(folder, 'orders'))
const sessions = levelup(encode(memdown()))
const archive = leveldown(join(folder, 'archive'))

const first = [orders.put('1', 'tea'), sessions.put('ann', '1')]
await promisify(archive.open).call(archive, {})
await promisify(archive.put).call(archive, '0', 'coffee')
await Promise.all(first)
await orders.sublevel('part').put('2', 'milk')
console.log(await orders.get('1'), (await sessions.get('ann')).toString())
await new Promise((resolve) => process.stdin.on('end', resolve).resume())
await Promise.all([orders.close(), sessions.close(), promisify(archive.close).call(archive)])
