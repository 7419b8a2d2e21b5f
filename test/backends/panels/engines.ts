import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { end } from '@wombat/test-support/backend-process'
import { plainEnvironment } from '@wombat/test-support/clean-environment'
import { installed } from '@wombat/test-support/rocksdb'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { onTestFinished } from 'vitest'

/** What the process below measures; RocksDB where it is installed. */
export const otherEngines: readonly string[] = ['lmdb', 'sqlite', 'keyv', 'map', ...(installed ? ['rocksdb'] : [])]

/** Starts a process with a store on each of them. Where its page is, by the name of its job. It ends with the test. */
export async function startOtherEngines(otlpUrl: string): Promise<Readonly<Record<string, string>>> {
  const script = fileURLToPath(new URL('engines-process.ts', import.meta.url))
  const execArgv = [...nodeFlags, '--disable-warning=ExperimentalWarning']
  // Removed by us once the process has ended: while it ends, engines still write.
  const folder = await temporaryFolder()
  const child = fork(script, [otlpUrl, folder], { execArgv, env: plainEnvironment() })
  onTestFinished(() => end(child))
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the process with other engines ended with ${code}`)),
  )
  ended.catch(() => {})
  const [page] = await Promise.race([once(child, 'message'), ended])
  return { 'other-engines': String(page) }
}
