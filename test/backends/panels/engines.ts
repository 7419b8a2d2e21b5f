import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stopProcess } from '@wombat/test-support/backend-process'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { isRocksdbInstalled } from '@wombat/test-support/rocksdb'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { onTestFinished } from 'vitest'

/** Engines of the stores in the process below; with RocksDB if it is installed. */
export const otherEngines: readonly string[] = ['lmdb', 'sqlite', 'keyv', 'map', ...(isRocksdbInstalled ? ['rocksdb'] : [])]

/** Starts a process with a store on each of these engines, which ends with the test. Returns its /metrics URL by job. */
export async function startOtherEngines(otlpUrl: string): Promise<Readonly<Record<string, string>>> {
  const script = fileURLToPath(new URL('engines-process.ts', import.meta.url))
  const execArgv = [...nodeFlags, '--disable-warning=ExperimentalWarning']
  // Removed after the process has ended: its engines write until then.
  const folder = await temporaryFolder()
  const child = fork(script, [otlpUrl, folder], { execArgv, env: cleanEnvironment() })
  onTestFinished(() => stopProcess(child))
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`engines-process.ts exited with code ${code}`)))
  ended.catch(() => {})
  const [metricsUrl] = await Promise.race([once(child, 'message'), ended])
  return { 'other-engines': String(metricsUrl) }
}
