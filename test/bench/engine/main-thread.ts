/** Name of the measured time. Node reports the CPU time of a thread from version 23.9. */
export const clockName = typeof process.threadCpuUsage === 'function' ? "the main thread's CPU time" : 'elapsed time'

/** Returns how long some work occupies the main thread, in nanoseconds. Work of other threads is not counted. */
export async function mainThreadNanoseconds(work: () => unknown): Promise<number> {
  if (typeof process.threadCpuUsage !== 'function') {
    const startMs = performance.now()
    await work()
    return (performance.now() - startMs) * 1e6
  }
  const before = settledUsage()
  await work()
  const after = settledUsage()
  return (after.user + after.system - before.user - before.system) * 1000
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Returns the CPU usage after a short sleep: Linux updates it only when a thread sleeps or at a scheduler tick. */
function settledUsage(): NodeJS.CpuUsage {
  Atomics.wait(never, 0, 0, 1)
  return process.threadCpuUsage()
}
