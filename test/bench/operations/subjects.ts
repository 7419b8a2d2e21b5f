import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { type Content, createContent } from './content.ts'
import type { Store } from './operations.ts'

/** A filled, idle store, and the arguments of its operations. */
export interface Subject extends AsyncDisposable {
  readonly name: string
  readonly store: Store
  readonly content: Content
}

export async function memoryLevel(size: number): Promise<Subject> {
  const store = new MemoryLevel()
  const content = createContent(size)
  await fill(store, content)
  return { name: `memory-level, ${size} keys`, store, content, [Symbol.asyncDispose]: () => store.close() }
}

/** Creates a filled LevelDB in a temporary folder. */
export async function classicLevel(size: number): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  const store = new ClassicLevel(folder)
  const content = createContent(size)
  await fill(store, content)
  // Otherwise LevelDB compacts during the measurement, and reads become faster afterwards.
  await store.compactRange('', '\uffff')
  return {
    name: `classic-level, ${size} keys`,
    store,
    content,
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function fill(store: Store, { entries }: Content): Promise<void> {
  for (const { key, value } of entries) await store.put(key, value)
}
