import type { MeasuredStore } from '@wombat/instrumentation'
import { readDirectoryState } from './disk-space.ts'
import { corruptionCodes, errorCode } from './error-codes.ts'

/** How one probe of a store ended. */
export interface ProbeResult {
  readonly outcome: 'opening' | 'cannot_open' | 'works' | 'cannot_write' | 'cannot_read' | 'integrity'
  /** Code of the error that ended the probe, if it is a documented one. */
  readonly code?: string | undefined
  readonly isCorrupted?: boolean
  /** Whether the probe only read: the store accepts no writes, they could not be removed again, or they are not safe now. */
  readonly isReadOnly?: boolean
}

/** Prefix of the reserved key. A key that is left behind by a crash shows where it came from. */
const prefix = '__wombat_health_check__'

/**
 * Probes one store repeatedly, always with the same key: if a removal fails, the next run overwrites and removes the key. The
 * key is unique to this process and store, because other processes may probe the same database at the same time.
 */
export class StoreProbeRun {
  readonly #key: string
  /** Whether the key may still be in the store. */
  #isKeyLeft = false
  #runs = 0

  constructor(processId: string, index: number) {
    this.#key = `${prefix}:${processId}:${index}`
  }

  /** Returns undefined if the store cannot be probed, or was closed meanwhile. Stops between two steps once `signal` is aborted. */
  async run(store: MeasuredStore, mayWrite: boolean, signal: AbortSignal): Promise<ProbeResult | undefined> {
    if (store.state() === 'opening') return { outcome: 'opening' }
    if (store.state() === 'failed') return failedToOpen(store)
    const probe = store.probe()
    if (probe === undefined || store.state() === 'closed') return undefined
    const { write, remove } = probe
    // Without `remove`, the key would stay in the store.
    const canWrite = write !== undefined && remove !== undefined
    const isSafe = canWrite && (mayWrite || this.#isKeyLeft) && (await isSafeToWrite(store))
    const isWritten = mayWrite && isSafe
    const value = `${this.#key}:${++this.#runs}`
    if (isWritten) {
      const failure = await catchError(() => write(this.#key, value))
      if (failure !== undefined) return this.#failed('cannot_write', store, failure.error)
      this.#isKeyLeft = true
    }
    let readValue: string | undefined
    if (!signal.aborted) {
      const failure = await catchError(async () => {
        readValue = await probe.read(this.#key)
      })
      if (failure !== undefined) return this.#failed('cannot_read', store, failure.error)
    }
    const isIntact = signal.aborted || !isWritten || readValue === value
    // A value that differs is left for analysis until the next run overwrites it. The key of an aborted run is removed: there may
    // be no next run.
    if (this.#isKeyLeft && remove !== undefined && isIntact && isSafe) {
      if ((await catchError(() => remove(this.#key))) === undefined) this.#isKeyLeft = false
    }
    const isReadOnly = !canWrite || (mayWrite && !isSafe)
    return isIntact ? { outcome: 'works', isReadOnly } : { outcome: 'integrity' }
  }

  /** A store that was closed during the probe did not fail. */
  #failed(outcome: 'cannot_write' | 'cannot_read', store: MeasuredStore, error: unknown): ProbeResult | undefined {
    if (store.state() === 'closed') return undefined
    return { outcome, ...codeFields(errorCode(error)) }
  }
}

function failedToOpen(store: MeasuredStore): ProbeResult {
  return { outcome: 'cannot_open', ...codeFields(errorCode({ code: store.openFailure() })) }
}

function codeFields(code: string | undefined): Pick<ProbeResult, 'code' | 'isCorrupted'> {
  return { code, isCorrupted: code !== undefined && corruptionCodes.has(code) }
}

/** Returns the error that a step threw, wrapped, because a store may also throw `undefined`. */
async function catchError(step: () => Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    return { error }
  }
}

/** More than a small LMDB commit takes: the pages down to the key, and those that list the free pages. */
const commitBytes = 2 ** 20

/**
 * Returns whether a failing write would only reject. If a commit fails, lmdb (3.5) leaves behind a rejected promise that cannot
 * be handled and that ends a process without a listener for `unhandledRejection`. So if a commit is bound to fail, the probe
 * does not write; the disk check reports the volume.
 */
async function isSafeToWrite(store: MeasuredStore): Promise<boolean> {
  const directory = store.engine === 'lmdb' ? store.directory() : undefined
  if (directory === undefined) return true
  const state = await readDirectoryState(directory, true)
  return state.state === 'undetermined' || (state.state === 'known' && state.volume.availableBytes >= commitBytes)
}
