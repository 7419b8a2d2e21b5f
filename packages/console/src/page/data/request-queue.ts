/** A browser opens six connections to a server of HTTP/1.1, and the stream holds one of them. */
const maxConcurrent = 4

let running = 0
const waiting: (() => void)[] = []

/** Runs a request when fewer than four run: answers that come in one by one are drawn one by one. */
export async function queued<Value>(run: () => Promise<Value>): Promise<Value> {
  if (running >= maxConcurrent) await new Promise<void>((resolve) => waiting.push(resolve))
  running++
  try {
    return await run()
  } finally {
    running--
    waiting.shift()?.()
  }
}
