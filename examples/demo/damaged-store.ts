import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'

const entries = 4000

export function damagedKey(index: number): string {
  return `account:${String(index % entries).padStart(6, '0')}`
}

/** Creates a small LevelDB in this folder and damages the first half of its table file, so that some reads fail. */
export async function createDamagedStore(folder: string): Promise<void> {
  const store = new ClassicLevel(folder)
  const operations = Array.from({ length: entries }, (_, index) => {
    return { type: 'put' as const, key: damagedKey(index), value: `${'balance '.repeat(12)}${index * 7919}` }
  })
  await store.batch(operations)
  await store.close()
  // The data is in the write-ahead log; opening the store again writes it to a table file.
  await store.open()
  await store.close()
  for (const name of await readdir(folder)) {
    if (name.endsWith('.ldb')) await damage(join(folder, name))
  }
}

/** Overwrites the first half only: the store does not open if the index and footer at the end are damaged. */
async function damage(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const { size } = await handle.stat()
    await handle.write(Buffer.alloc(Math.floor(size / 2), 0xff), 0, undefined, 0)
  } finally {
    await handle.close()
  }
}
