// An application without any of our code, on the callback APIs of Level: level 8, levelup, and leveldown alone.
const { mkdtempSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const encode = require('encoding-down')
const { Level } = require('level8')
const leveldown = require('leveldown')
const levelup = require('levelup')
const memdown = require('memdown')

const folder = mkdtempSync(join(tmpdir(), 'levels-'))
const orders = new Level(join(folder, 'orders'))
const sessions = levelup(encode(memdown()))
const archive = leveldown(join(folder, 'archive'))

// In the first turn of the event loop, as applications do.
orders.put('1', 'tea')
sessions.put('ann', '1')
archive.open((error) => {
  if (error) throw error
  archive.put('0', 'coffee', async () => {
    await orders.sublevel('part').put('2', 'milk')
    console.log(await orders.get('1'), await sessions.get('ann'))
    process.stdin.on('end', () => {
      orders.close()
      sessions.close()
      archive.close(() => {})
    })
    process.stdin.resume()
  })
})
