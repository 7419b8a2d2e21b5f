import type { Counter } from '../../metrics/counter.ts'
import { overflowLabel } from '../../metrics/definition.ts'
import { maximumLabelLength } from '../../metrics/labels.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { nowMs } from '../../operations/clock.ts'
import type { StoreContext } from '../../operations/store-context.ts'

/** The label of operations on keys of the database itself: an empty label would be a missing one. */
const rootName = '(root)'

/** How many sublevels of one store have series of their own. */
const maxSublevels = 100

/** The metrics of one operation on one sublevel. */
interface SublevelSeries {
  readonly operations: Counter
  readonly errors: Counter
  readonly seconds: Counter
}

/** One sublevel, and its series by operation. */
export interface Sublevel {
  readonly name: string
  readonly series: Map<Operation, SublevelSeries>
}

/** The range of an iterator or a clear, as the private methods get it. */
interface Range {
  readonly gte?: unknown
  readonly gt?: unknown
  readonly lte?: unknown
  readonly lt?: unknown
}

/** One operation that has begun, and the sublevels that it touches. */
export class SublevelOperation {
  /** The time in seconds; counted until the operation ends if it has not been set. */
  seconds: number | undefined
  readonly #sublevels: Sublevels
  readonly #touched: Iterable<Sublevel>
  readonly #operation: Operation
  readonly #startMs = nowMs()

  constructor(sublevels: Sublevels, touched: Iterable<Sublevel>, operation: Operation) {
    this.#sublevels = sublevels
    this.#touched = touched
    this.#operation = operation
  }

  /** Counts the operation once in each sublevel that it touched. */
  end(isFailed: boolean): void {
    const seconds = this.seconds ?? (nowMs() - this.#startMs) / 1000
    for (const sublevel of this.#touched) {
      const series = this.#sublevels.series(sublevel, this.#operation)
      series.operations.add(1)
      series.seconds.add(seconds)
      if (isFailed) series.errors.add(1)
    }
  }
}

/** Which keys a method gets. */
export type KeyArgument = 'key' | 'keys' | 'entries' | 'range'

/**
 * Records the operations of a database by sublevel. The database knows its sublevels only by the prefixes of their keys:
 * `!a!!b!key` is in sublevel `b` of sublevel `a`, whose name here is `a/b`. So a key of the database itself that looks like
 * that counts as one of a sublevel, and keys of sublevels with another separator than `!` count as the database's own.
 */
export class Sublevels {
  readonly #context: StoreContext
  readonly #byPrefix = new Map<string, Sublevel>()
  #overflow: Sublevel | undefined

  constructor(context: StoreContext) {
    this.#context = context
  }

  /** Starts an operation. `argument` is the first argument of its method. Never throws. */
  begin(operation: Operation, kind: KeyArgument, argument: unknown): SublevelOperation {
    return new SublevelOperation(this, this.#find(kind, argument), operation)
  }

  /** Starts an operation on the given keys. */
  beginWith(operation: Operation, touched: Iterable<Sublevel>): SublevelOperation {
    return new SublevelOperation(this, touched, operation)
  }

  /** Returns the sublevel of a key. Never throws. */
  ofKey(key: unknown): Sublevel {
    return this.#ofPrefix(readPrefix(key))
  }

  /** Returns the series of an operation on a sublevel. They are created at its first use. */
  series({ name, series }: Sublevel, operation: Operation): SublevelSeries {
    const existing = series.get(operation)
    if (existing !== undefined) return existing
    const { registry, name: store } = this.#context
    const labels = Object.freeze({ store, sublevel: name, operation })
    const created: SublevelSeries = {
      operations: registry.counter('db_sublevel_operations_total', labels),
      errors: registry.counter('db_sublevel_errors_total', labels),
      seconds: registry.counter('db_sublevel_operation_seconds_total', labels),
    }
    series.set(operation, created)
    return created
  }

  #find(kind: KeyArgument, argument: unknown): Iterable<Sublevel> {
    try {
      if (kind === 'key') return [this.ofKey(argument)]
      if (kind === 'range') return [this.#ofPrefix(readRangePrefix(argument as Range))]
      const touched = new Set<Sublevel>()
      for (const item of argument as Iterable<unknown>) {
        touched.add(this.ofKey(kind === 'keys' ? item : (item as { readonly key: unknown }).key))
      }
      return touched
    } catch {
      // The argument is not what the method expects: the store will say so.
      return [this.#ofPrefix('')]
    }
  }

  #ofPrefix(prefix: string): Sublevel {
    return this.#byPrefix.get(prefix) ?? this.#add(prefix)
  }

  #add(prefix: string): Sublevel {
    const name = prefix === '' ? rootName : prefix.slice(1, -1).replaceAll('!!', '/')
    // The database itself is not a sublevel.
    const count = this.#byPrefix.size - (this.#byPrefix.has('') ? 1 : 0)
    if (prefix !== '' && (count >= maxSublevels || name.length > maximumLabelLength)) return this.#getOverflow()
    const sublevel: Sublevel = { name, series: new Map() }
    this.#byPrefix.set(prefix, sublevel)
    return sublevel
  }

  #getOverflow(): Sublevel {
    if (this.#overflow === undefined) {
      this.#overflow = { name: overflowLabel, series: new Map() }
      const { registry, name } = this.#context
      registry.warnSafely(
        `store ${name}: more than ${maxSublevels} sublevels: the others share sublevel="${overflowLabel}"; do not use bySublevel if names of sublevels are made from data`,
      )
    }
    return this.#overflow
  }
}

const [separator, upperBound, reserved, afterLast] = [0x21, '"', 0x22, 0x7f]

/** Returns the prefixes of all sublevels that a key is in, as one text: `!a!!b!` for `!a!!b!key`; empty if it is in none. */
function readPrefix(key: unknown): string {
  if (typeof key === 'string')
    return key.slice(
      0,
      prefixLength(key.length, (index) => key.charCodeAt(index)),
    )
  if (!(key instanceof Uint8Array)) return ''
  return readText(
    key,
    prefixLength(key.length, (index) => key[index] ?? 0),
  )
}

/** Returns how long the prefix of a key is. The names in it have the characters that abstract-level allows. */
function prefixLength(keyLength: number, codeAt: (index: number) => number): number {
  let length = 0
  while (length < keyLength && codeAt(length) === separator) {
    let end = length + 1
    while (end < keyLength && codeAt(end) > reserved && codeAt(end) < afterLast) end++
    if (end === length + 1 || end === keyLength || codeAt(end) !== separator) break
    length = end + 1
  }
  return length
}

/** Returns the prefix of the innermost sublevel that contains the whole range. */
function readRangePrefix({ gte, gt, lte, lt }: Range): string {
  const upper = lte ?? lt
  let prefix = readPrefix(gte ?? gt)
  while (prefix !== '' && !isBelow(upper, prefix)) prefix = prefix.slice(0, prefix.lastIndexOf('!', prefix.length - 2))
  return prefix
}

/** Returns whether an upper bound is within the sublevel with this prefix, or is the bound of the whole sublevel. */
function isBelow(upper: unknown, prefix: string): boolean {
  const start = typeof upper === 'string' ? upper.slice(0, prefix.length) : readText(upper, prefix.length)
  return start === prefix || start === `${prefix.slice(0, -1)}${upperBound}`
}

/** Returns the first bytes as text. Prefixes are ASCII. */
function readText(bytes: unknown, length: number): string {
  if (!(bytes instanceof Uint8Array)) return ''
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.byteLength)).toString('latin1')
}
