// An application without any of our code: orders in LevelDB, sessions in LMDB, rates in a Keyv. It exits when its input ends.
const { mkdtempSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { Keyv } = require('keyv')
const { Level } = require('level')
const { open } = require('lmdb')

const folder = mkdtempSync(join(tmpdir(), 'app-'))
const orders = new Level(join(folder, 'orders'))
const sessions = open({ path: join(folder, 'sessions') })
const rates = new Keyv()

// In the first turn of the event loop, as applications do.
sessions.putSync('opened', Date.now())
const first = orders.put('1', 'tea')

async function main() {
  await first
  await orders.sublevel('archive').put('0', 'coffee')
  await sessions.openDB('users').put('ann', 1)
  await rates.set('EUR', 1.1)
  console.log(await orders.get('1'), sessions.openDB('users').get('ann'), await rates.get('EUR'))
  await new Promise((resolve) => process.stdin.on('end', resolve).resume())
  await Promise.all([orders.close(), sessions.close(), rates.disconnect()])
}

main()
