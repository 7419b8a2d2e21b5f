/** What is measured: Node tells a thread's CPU time from version 23.9 on. */
export const clockName = typeof process.threadCpuUsage === 'function' ? "the main thread's CPU time" : 'time until it was done'

/** How long some work keeps the main thread, in nanoseconds: what others do for it meanwhile is not counted. */
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

/** Linux adds up what a thread has spent when it goes to sleep or a tick has passed: short work would read as nothing. */
function settledUsage(): NodeJS.CpuUsage {
  Atomics.wait(never, 0, 0, 1)
  return process.threadCpuUsage()
}
