import type { ClassicLevel } from 'classic-level'
import type { Recorder } from '../recording/recorder.ts'

/** Reads a key of a store. */
export type Get = (key: string) => Promise<unknown>

/** Returns gets that are measured as hand-written code does. */
export function getByHand(store: ClassicLevel, recorder: Recorder): Get {
  return async (key) => {
    const startMs = performance.now()
    try {
      const value = await store.get(key)
      recorder.succeed((performance.now() - startMs) / 1000)
      return value
    } catch (error) {
      recorder.fail((performance.now() - startMs) / 1000)
      throw error
    }
  }
}
