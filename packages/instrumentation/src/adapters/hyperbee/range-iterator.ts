import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'

/** Wraps `createRangeIterator`, which streams and `peek` call too: each iterator is one scan, from its opening to its end. */
export function wrapRangeIterator(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('scan')
  return function (...args) {
    const iterator = original.apply(this, args) as object
    if (context.isMeasuring) measureIterator(iterator, () => new ScanOperation(context, recorder))
    return iterator
  }
}

/** An iterator that is closed before it is read is not counted. */
function measureIterator(iterator: object, startScan: () => ScanOperation): void {
  const patch = new MethodPatch(iterator)
  let scan: ScanOperation | undefined
  const begin = (): ScanOperation => {
    if (scan === undefined) {
      scan = startScan()
      scan.open(iterator)
    }
    return scan
  }
  const read = async (call: () => unknown, onResult: (scan: ScanOperation, result: unknown) => void): Promise<unknown> => {
    const operation = begin()
    const pending = operation.beginRead()
    try {
      const result = await operation.runInSpan(call)
      operation.endRead(pending)
      onResult(operation, result)
      return result
    } catch (error) {
      operation.endRead(pending, { error })
      operation.end()
      throw error
    }
  }
  const wrapRead =
    (onResult: (scan: ScanOperation, result: unknown) => void) =>
    (original: Method): Method =>
      function (...args) {
        return scan?.isEnded === true ? original.apply(this, args) : read(() => original.apply(this, args), onResult)
      }
  patch.replace(
    'open',
    wrapRead(() => {}),
  )
  patch.replace('next', wrapRead(countEntry))
  patch.replace('close', (original) => {
    return function (...args) {
      scan?.end()
      return original.apply(this, args)
    }
  })
}

/** The iterator returns null at its end. */
function countEntry(scan: ScanOperation, entry: unknown): void {
  if (entry === null) scan.end()
  else scan.entries++
}
