/** Watches how long an iteration of the event loop takes, until it is stopped: in CPU time, so that other programs do not count. */
export function watchBlocks(): { stop(): number } {
  let longestMs = 0
  let lastMs = cpuMs()
  let isOver = false
  const look = (): void => {
    const nowMs = cpuMs()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  return {
    stop() {
      isOver = true
      return longestMs
    },
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
