import Keyv from 'keyv'
import { Keyv as Keyv5 } from 'keyv5'
import { MemoryLevel } from 'memory-level'
import NodeCache from 'node-cache'
import { createStorage } from 'unstorage'

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
