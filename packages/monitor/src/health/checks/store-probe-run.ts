import type { MeasuredStore } from '@wombat/instrumentation'
import { corruptionCodes, errorCode } from './error-codes.ts'
import { isSafeToWrite } from './safe-write.ts'

/** How one try of a store went. */
export interface ProbeResult {
  readonly outcome: 'opening' | 'cannot_open' | 'works' | 'cannot_write' | 'cannot_read' | 'integrity'
  /** The known code of the error, where one ended it. */
  readonly code?: string | undefined
  readonly isDamaged?: boolean
  /** Whether it takes no writes, or only such as could not be taken back, or none that would be safe now. */
  readonly isReadOnly?: boolean
}

/** What it leaves behind while it lasts; whoever finds it in a store knows where it came from. */
const prefix = '__wombat_health_check__'

/**
 * Tries one store out, again and again, always under the same key: what a removal that failed left behind is written over and
 * removed by the next. The key is of this process and this store alone: others may try the same database at the same time.
 */
export class StoreProbeRun {
  readonly #key: string
  #isLeft = false
  #runs = 0

  constructor(ofProcess: string, index: number) {
    this.#key = `${prefix}:${ofProcess}:${index}`
  }

  /** Undefined where the store cannot be tried, or not any more. Stops between two steps where nobody waits any longer. */
  async run(store: MeasuredStore, mayWrite: boolean, signal: AbortSignal): Promise<ProbeResult | undefined> {
    if (store.state() === 'opening') return { outcome: 'opening' }
    if (store.state() === 'failed') return cannotOpen(store)
    const probe = store.probe()
    if (probe === undefined || store.state() === 'closed') return undefined
    const { write, remove } = probe
    // What is written must be taken away again.
    const canWrite = write !== undefined && remove !== undefined
    const isSafe = canWrite && (mayWrite || this.#isLeft) && (await isSafeToWrite(store))
    const isWritten = mayWrite && isSafe
    const value = `${this.#key}:${++this.#runs}`
    if (isWritten) {
      const failure = await failureOf(() => write(this.#key, value))
      if (failure !== undefined) return this.#failed('cannot_write', store, failure.error)
      this.#isLeft = true
    }
    let found: string | undefined
    if (!signal.aborted) {
      const failure = await failureOf(async () => {
        found = await probe.read(this.#key)
      })
      if (failure !== undefined) return this.#failed('cannot_read', store, failure.error)
    }
    const isWhole = signal.aborted || !isWritten || found === value
    // Where it was not whole, what is there may tell what happened; the next try writes over it. What nobody waits for any more
    // is taken away all the same: there may be no next try.
    if (this.#isLeft && remove !== undefined && isWhole && isSafe) {
      if ((await failureOf(() => remove(this.#key))) === undefined) this.#isLeft = false
    }
    const isReadOnly = !canWrite || (mayWrite && !isSafe)
    return isWhole ? { outcome: 'works', isReadOnly } : { outcome: 'integrity' }
  }

  /** A store that was closed while it was tried is not broken. */
  #failed(outcome: 'cannot_write' | 'cannot_read', store: MeasuredStore, error: unknown): ProbeResult | undefined {
    if (store.state() === 'closed') return undefined
    const code = errorCode(error)
    return { outcome, code, isDamaged: code !== undefined && corruptionCodes.has(code) }
  }
}

function cannotOpen(store: MeasuredStore): ProbeResult {
  const code = errorCode({ code: store.openFailure() })
  return { outcome: 'cannot_open', code, isDamaged: code !== undefined && corruptionCodes.has(code) }
}

/** Whatever was thrown, in a box: it may be `undefined`. */
async function failureOf(step: () => Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    return { error }
  }
}
