import type { Operation } from '@wombat/instrumentation'
import type { Recorder } from '../recording/recorder.ts'
import type { Operations } from './operations.ts'

/** Returns hand-written instrumentation: a wrapper around each operation. */
export function byHand(operations: Operations, findRecorder: (operation: Operation) => Recorder): Operations {
  const get = findRecorder('get')
  return {
    get: timed(get, operations.get),
    getSync: timedSync(get, operations.getSync),
    put: timed(findRecorder('set'), operations.put),
    batch: timed(findRecorder('batch'), operations.batch),
    scan: timed(findRecorder('scan'), operations.scan),
  }
}

function timed<Argument, Result>(recorder: Recorder, call: (argument: Argument) => Promise<Result>) {
  return async (argument: Argument): Promise<Result> => {
    const startMs = performance.now()
    try {
      const result = await call(argument)
      recorder.succeed((performance.now() - startMs) / 1000)
      return result
    } catch (error) {
      recorder.fail((performance.now() - startMs) / 1000)
      throw error
    }
  }
}

function timedSync<Argument, Result>(recorder: Recorder, call: (argument: Argument) => Result) {
  return (argument: Argument): Result => {
    const startMs = performance.now()
    try {
      const result = call(argument)
      recorder.succeed((performance.now() - startMs) / 1000)
      return result
    } catch (error) {
      recorder.fail((performance.now() - startMs) / 1000)
      throw error
    }
  }
}
