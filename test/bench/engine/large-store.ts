import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ClassicLevel } from 'classic-level'

export interface LargeStore extends AsyncDisposable {
  readonly db: ClassicLevel<string, Uint8Array>
}

const valueBytes = 4096
const valuesPerBatch = 256

/** Creates a store on disk with this many bytes of incompressible values, and waits until it is idle. */
export async function largeStore(bytes: number): Promise<LargeStore> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-engine-'))
  const db = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
  const store = {
    db,
    async [Symbol.asyncDispose]() {
      await db.close()
      await rm(folder, { recursive: true })
    },
  }
  try {
    for (let written = 0; written < bytes; written += valueBytes * valuesPerBatch) await db.batch(randomPuts())
    await quiet(join(folder, 'LOG'))
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
  return store
}

/** Returns a batch with random keys, so that tables overlap and spread over the levels as in a store in production. */
function randomPuts() {
  const values = randomBytes(valueBytes * valuesPerBatch)
  return Array.from({ length: valuesPerBatch }, (_, index) => ({
    type: 'put' as const,
    key: randomBytes(16).toString('hex'),
    value: values.subarray(index * valueBytes, (index + 1) * valueBytes),
  }))
}

/** Waits until LevelDB has logged nothing for a second, so that its compactions do not affect the measurement. */
async function quiet(log: string): Promise<void> {
  let before = -1
  for (let still = 0; still < 10; ) {
    await wait(100)
    const { size } = await stat(log)
    still = size === before ? still + 1 : 0
    before = size
  }
}
