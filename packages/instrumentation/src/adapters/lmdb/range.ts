import type { Method } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withErrorCode } from './errors.ts'

/** What `getRange()` returns. Every way to read it begins with `iterate()`; for a count, `iterate()` returns a number. */
interface Range {
  iterate: (this: unknown, ...args: unknown[]) => Cursor | number
}

interface Cursor {
  next: (this: unknown, ...args: unknown[]) => { readonly done?: boolean }
  return: (this: unknown, ...args: unknown[]) => unknown
  throw: (this: unknown, ...args: unknown[]) => unknown
}

/**
 * Wraps `getRange`: each iteration of a range is one scan, which ends with its last entry. A count is a scan without
 * entries. `getKeys`, `getValues` and the counts call `getRange`.
 */
export function measureRange(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('scan')
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    let range: Range
    try {
      range = original.apply(this, args) as Range
    } catch (error) {
      new ScanOperation(context, recorder).end({ error: withErrorCode(error) })
      throw error
    }
    const { iterate } = range
    range.iterate = function (...options) {
      return context.isMeasuring
        ? measureIteration(new ScanOperation(context, recorder), () => iterate.apply(this, options))
        : iterate.apply(this, options)
    }
    return range
  }
}

function measureIteration(operation: ScanOperation, iterate: () => Cursor | number): Cursor | number {
  const run = <Result>(read: () => Result): Result => {
    try {
      return operation.runSync(read)
    } catch (error) {
      operation.end({ error: withErrorCode(error) })
      throw error
    }
  }
  const cursor = run(iterate)
  if (typeof cursor === 'number') {
    operation.end()
    return cursor
  }
  operation.open(cursor)
  const { next, return: end, throw: throwInto } = cursor
  cursor.next = (...args) => {
    if (operation.isEnded) return next.apply(cursor, args)
    const result = run(() => next.apply(cursor, args))
    if (result.done === true) operation.end()
    else operation.entries++
    return result
  }
  cursor.return = (...args) => {
    operation.end()
    return end.apply(cursor, args)
  }
  cursor.throw = (...args) => {
    operation.end()
    return throwInto.apply(cursor, args)
  }
  return cursor
}
