const { Keyv } = require('keyv')
const { Keyv: Keyv5 } = require('keyv5')
const { MemoryLevel } = require('memory-level')
const NodeCache = require('node-cache')
const { createStorage } = require('unstorage')

async function main() {
  const level = new MemoryLevel()
  await level.put('a', '1')
  await level.sublevel('part').put('a', '1')
  await new Keyv().set('a', '1')
  await new Keyv5().set('a', '1')
  new NodeCache().set('a', '1')
  await createStorage().setItem('a', '1')
  await level.close()
  console.log('done')
}

main()
