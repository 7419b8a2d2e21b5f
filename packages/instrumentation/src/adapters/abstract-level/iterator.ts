import { nowMs } from '../../operations/clock.ts'
import type { PendingOperation } from '../../operations/in-flight.ts'
import { type Method, memoizeWrapper } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { type CallOutcome, callWithCallback, endsWithCallback } from '../../operations/wrap-callback.ts'
import { observeResult } from '../../operations/wrap-method.ts'
import type { SublevelOperation, Sublevels } from './sublevels.ts'

/** Which private methods the iterators of a store have. */
export interface IteratorMethods {
  /** The methods that read. One of them may call another one: together they are one read. */
  readonly reads: readonly string[]
  /** The method that ends an iterator. */
  readonly close: string
  /** How a method that reads returns its entries. */
  readonly returns: 'promise' | 'callback'
}

/** So many reads of a structure in memory are all timed: most scans are short. */
const firstTimedReads = 8
/** Of those after them one in so many is timed: they all take about as long, and timing one takes twice as long as reading it. */
const memoryReadsPerTiming = 64

/** Where an iterator keeps its scan, so that all iterators share one wrapper for each method. */
const scanKey = Symbol('@wombat/instrumentation scan')

/** Wraps a method that creates iterators: each iterator is one scan, which ends when it is closed. */
export function measureIterator(
  context: StoreContext,
  original: Method,
  methods: IteratorMethods,
  sublevels: Sublevels | undefined,
): Method {
  const recorder = context.recorder('scan')
  let isReported = false
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    const operation = new ScanOperation(context, recorder)
    const bySublevel = sublevels?.begin('scan', 'range', args[0])
    let iterator: unknown
    try {
      iterator = operation.runSync(() => original.apply(this, args))
    } catch (error) {
      operation.end()
      bySublevel?.end(true)
      throw error
    }
    const scan = new Scan(context, operation, methods, bySublevel)
    const result = scan.attach(iterator)
    if (result === 'attached') return iterator
    operation.discard()
    if (result === 'impossible' && !isReported) {
      isReported = true
      context.registry.warnSafely(
        `store ${context.name}: scans are not measured whose iterator cannot be wrapped: it must be an extensible object with the methods ${[...methods.reads, methods.close].join(', ')}`,
      )
    }
    return iterator
  }
}

/** The scan of one iterator. */
class Scan {
  readonly #context: StoreContext
  readonly #operation: ScanOperation
  readonly #methods: IteratorMethods
  readonly #bySublevel: SublevelOperation | undefined
  readonly #succeeded = (): void => this.settle()
  readonly #failed = (error: unknown): void => this.settle({ error })
  #read: PendingOperation | undefined
  #readStartMs = 0
  #hasFailed = false
  /** How many reads are left until the next timed one, and how many that one stands for. */
  #untilTimed = 0
  #weight = 1
  readonly #isInMemory: boolean
  #isAttached = false
  #sharedWith: Set<StoreContext> | undefined

  constructor(
    context: StoreContext,
    operation: ScanOperation,
    methods: IteratorMethods,
    bySublevel: SublevelOperation | undefined,
  ) {
    this.#context = context
    this.#operation = operation
    this.#methods = methods
    this.#bySublevel = bySublevel
    this.#isInMemory = context.engine === 'memory' && methods.returns === 'promise'
    if (bySublevel !== undefined) bySublevel.seconds = 0
  }

  /**
   * Wraps the methods of the iterator. An engine may return anything instead of an iterator, one that it has returned before, or
   * one of another store that is measured: that one belongs to both.
   */
  attach(iterator: unknown): 'attached' | 'known' | 'impossible' {
    try {
      const { reads, close } = this.#methods
      if (!isMeasurable(iterator, [...reads, close])) return 'impossible'
      const first = findScan(iterator)
      if (first?.isOf(this.#context) === true) return 'known'
      const hiddenProperty = (value: unknown) => ({ value, configurable: true, writable: true, enumerable: false })
      const descriptors: PropertyDescriptorMap = {}
      if (first === undefined) descriptors[scanKey] = hiddenProperty(this)
      for (const name of [...reads, close]) {
        const [original, step] = [Reflect.get(iterator, name) as Method, findStep(name, this.#methods)]
        descriptors[name] = hiddenProperty(first === undefined ? sharedWrapper(step)(original) : this.#ownWrapper(step, original))
      }
      Object.defineProperties(iterator, descriptors)
      first?.share(this.#context)
    } catch {
      // A proxy, or a property that cannot be replaced: what was replaced before it only calls the original.
      return 'impossible'
    }
    this.#isAttached = true
    this.#operation.beforeEnd = () => this.#beforeEnd()
    this.#operation.open(iterator)
    return 'attached'
  }

  readWithPromise(iterator: unknown, original: Method, args: never[]): unknown {
    if (this.#isFromMemory(iterator) || !this.#begin()) return original.apply(iterator, args)
    let result: unknown
    try {
      result = original.apply(iterator, args)
    } catch (error) {
      this.#failed(error)
      throw error
    }
    return observeResult(result, { succeeded: this.#succeeded, failed: this.#failed })
  }

  /**
   * Returns whether a read takes its entry from memory and is not timed. The iterator counts it itself. classic-level reads up to a
   * thousand entries at once, and says how many of them are left.
   */
  #isFromMemory(iterator: unknown): boolean {
    if (!this.#isInMemory) return hasCached(iterator)
    if (this.#untilTimed > 0) {
      this.#untilTimed--
      this.#weight++
      return true
    }
    if (this.#operation.reads >= firstTimedReads) this.#untilTimed = drawDistance(memoryReadsPerTiming)
    return false
  }

  readWithCallback(iterator: unknown, original: Method, args: never[], settle: typeof settleOne): unknown {
    if (!endsWithCallback(args) || !this.#begin()) return original.apply(iterator, args)
    return callWithCallback(this.#context, original, iterator, args, settle, this)
  }

  /** Ends the pending read, and counts its entries. */
  settle(failure?: { readonly error: unknown }, entries = 0): void {
    const read = this.#read
    if (read === undefined) return
    this.#read = undefined
    this.#operation.entries += entries
    if (failure !== undefined) this.#hasFailed = true
    const weight = this.#weight
    this.#weight = 1
    if (this.#bySublevel?.seconds !== undefined) this.#bySublevel.seconds += (weight * (nowMs() - this.#readStartMs)) / 1000
    this.#operation.endRead(read, failure, weight)
  }

  /** Ends the scan. */
  end(iterator: unknown): void {
    if (this.#methods.returns === 'promise') this.#operation.entries = readCount(iterator)
    this.#operation.end()
  }

  /** The scan ends: its iterator is closed or was garbage collected, or its store is closed. A pending read was aborted. */
  #beforeEnd(): void {
    this.settle()
    const factor = this.#operation.addUnobservedReads(this.#weight - 1)
    if (this.#bySublevel?.seconds !== undefined) this.#bySublevel.seconds *= factor
    this.#bySublevel?.end(this.#hasFailed)
  }

  /** Returns whether the iterator of this scan is measured for the store. */
  isOf(context: StoreContext): boolean {
    return this.#context === context || this.#sharedWith?.has(context) === true
  }

  /** The iterator of this scan belongs to another store too, which has a scan of its own for it. */
  share(context: StoreContext): void {
    this.#sharedWith ??= new Set()
    this.#sharedWith.add(context)
  }

  #ownWrapper(step: Step, original: Method): Method {
    const scan = this
    return function (...args) {
      return step(scan, this, original, args)
    }
  }

  /** Starts a read. Returns false if it is a part of another one, or belongs to a scan that has ended. */
  #begin(): boolean {
    if (!this.#isAttached || this.#read !== undefined || this.#operation.isEnded) return false
    this.#read = this.#operation.beginRead()
    if (this.#bySublevel !== undefined) this.#readStartMs = nowMs()
    return true
  }
}

function isMeasurable(iterator: unknown, names: readonly string[]): iterator is object {
  if (typeof iterator !== 'object' || iterator === null || !Object.isExtensible(iterator)) return false
  return names.every((name) => typeof Reflect.get(iterator, name) === 'function')
}

/** Settles a read whose callback gets a key, a value or both; neither at the end. */
function settleOne(scan: Scan, { isFailed, error, results: [, key, value] }: CallOutcome): void {
  if (isFailed) scan.settle({ error })
  else scan.settle(undefined, key === undefined && value === undefined ? 0 : 1)
}

/** Settles a read whose callback gets an array. */
function settleMany(scan: Scan, { isFailed, error, results: [, entries] }: CallOutcome): void {
  if (isFailed) scan.settle({ error })
  else scan.settle(undefined, Array.isArray(entries) ? entries.length : 0)
}

/** Returns whether an iterator has entries in memory. */
function hasCached(iterator: unknown): boolean {
  try {
    return ((iterator as { readonly cached?: unknown }).cached as number) > 0
  } catch {
    return false
  }
}

/** Draws how many reads are not timed before the next one is: every read has the same probability. */
function drawDistance(mean: number): number {
  return Math.floor(Math.log(1 - Math.random()) / Math.log(1 - 1 / mean))
}

/** Returns how many entries the iterator has delivered; 0 if it does not say. */
function readCount(iterator: unknown): number {
  try {
    const { count } = iterator as { readonly count: unknown }
    return Number.isSafeInteger(count) && Number(count) > 0 ? Number(count) : 0
  } catch {
    return 0
  }
}

/** Returns the scan of an iterator; undefined if the method was called on another object. */
function findScan(iterator: unknown): Scan | undefined {
  const isObject = typeof iterator === 'object' && iterator !== null
  return isObject ? (iterator as { readonly [scanKey]?: Scan })[scanKey] : undefined
}

/** What a wrapped method of an iterator does. */
type Step = (scan: Scan, iterator: unknown, original: Method, args: never[]) => unknown

const readWithPromise: Step = (scan, iterator, original, args) => scan.readWithPromise(iterator, original, args)
const readOne: Step = (scan, iterator, original, args) => scan.readWithCallback(iterator, original, args, settleOne)
const readMany: Step = (scan, iterator, original, args) => scan.readWithCallback(iterator, original, args, settleMany)
const close: Step = (scan, iterator, original, args) => {
  scan.end(iterator)
  return original.apply(iterator, args)
}

function findStep(name: string, methods: IteratorMethods): Step {
  if (name === methods.close) return close
  if (methods.returns === 'promise') return readWithPromise
  return name === '_next' ? readOne : readMany
}

const sharedWrappers = new Map(
  [readWithPromise, readOne, readMany, close].map((step) => [
    step,
    memoizeWrapper((original) => {
      return function (...args) {
        const scan = findScan(this)
        return scan === undefined ? original.apply(this, args) : step(scan, this, original, args)
      }
    }),
  ]),
)

/** Returns what wraps a method for all iterators: each wrapper finds the scan of the iterator on which it is called. */
function sharedWrapper(step: Step): (original: Method) => Method {
  return sharedWrappers.get(step) as (original: Method) => Method
}
