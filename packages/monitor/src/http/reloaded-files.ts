import { type StatsListener, unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../validation/error-message.ts'

export interface ReloadedFilesOptions {
  /** Option or options that name the files. */
  readonly option: string
  readonly paths: readonly string[]
  /** Reads the files, and uses what they contain. @throws Error that has the reason, without any content of a file. */
  readonly load: () => Promise<void>
  readonly logger?: Logger | undefined
  /** Counts failures. */
  readonly registry?: MetricsRegistry | undefined
}

const failuresMetric = 'wombat_monitor_reload_failures_total'

/** How often the files are looked at, in milliseconds. Events of the file system would miss some mounts, such as secrets of Kubernetes. */
const watchIntervalMs = 1000
/** Files that belong together are rarely replaced in one moment. */
const settleMs = 200
/** When a file that could not be used is tried again: its cause may have been another than its content. */
const retryMs = 30_000

/** Reads files at the start, and again whenever one of them changes. What was read before stays in use if that fails. */
export class ReloadedFiles {
  readonly #options: ReloadedFilesOptions
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #isStarted = false
  #loading: Promise<void> = Promise.resolve()
  #lastProblem: string | undefined

  constructor(options: ReloadedFilesOptions) {
    this.#options = options
    options.registry?.counter(failuresMetric, { option: options.option })
  }

  /** Reads the files for the first time. @throws Error with the option and the reason if they cannot be used. */
  async start(): Promise<void> {
    const { option, paths, load } = this.#options
    try {
      // Before the first reading, so that no change is missed. Neither the watchers nor the timers keep the process alive.
      for (const path of paths) watchFile(path, { persistent: false, interval: watchIntervalMs }, this.#onChange)
      await load()
      this.#isStarted = true
    } catch (error) {
      this.close()
      throw new Error(`${option}: ${errorMessage(error)}`)
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    for (const path of this.#options.paths) unwatchFile(path, this.#onChange)
  }

  readonly #onChange: StatsListener = (now, before) => {
    // The first call for a file that does not exist: all numbers are 0.
    if (!this.#isStarted && now.mtimeMs === 0 && before.mtimeMs === 0) return
    this.#schedule(settleMs)
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#loading = this.#loading.then(() => this.#reload())
    }, delayMs).unref()
  }

  async #reload(): Promise<void> {
    const { option, load, logger, registry } = this.#options
    try {
      await load()
      this.#lastProblem = undefined
      if (!this.#isClosed) logger?.info({ option }, 'a file that has changed was read again, and is in use')
    } catch (error) {
      registry?.incrementCounter(failuresMetric, 1, { option })
      const reason = errorMessage(error)
      if (reason !== this.#lastProblem) {
        logger?.error(
          { option, reason },
          'a file that has changed cannot be used: what it had before stays in use; correct the file',
        )
      }
      this.#lastProblem = reason
      this.#schedule(retryMs)
    }
  }
}

/** The largest file that is read: certificates, tokens and users need far less. */
const maxFileBytes = 2 ** 18

/** Reads a small file. @throws Error with the reason in words. */
export async function readSmallFile(path: string): Promise<string> {
  let content: Buffer
  try {
    content = await readFile(path)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new Error(`cannot read ${JSON.stringify(path)}: ${readProblems[code] ?? errorMessage(error)}`)
  }
  if (content.length > maxFileBytes) throw new Error(`${JSON.stringify(path)} is larger than 256 KiB`)
  return content.toString('utf8')
}

const readProblems: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EACCES: 'this user may not read the file',
  EPERM: 'this user may not read the file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ERR_ACCESS_DENIED: 'the permission model of Node does not allow it: start Node with --allow-fs-read for this path',
}
