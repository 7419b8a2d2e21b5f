import { Session } from 'node:inspector/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { quantile } from '../spread.ts'
import type { Culprit, DelayReport } from './load.ts'

/** From this on, a block is long: the goal. */
export const longBlockMs = 5

interface Block {
  readonly startMs: number
  readonly endMs: number
  readonly cpuMs: number
}

/** Watches how long the event loop of this process is held. Each report begins anew. */
export async function watchDelays(profiled: boolean): Promise<() => Promise<DelayReport>> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const cpuTimesMs: number[] = []
  let blocks: Block[] = []
  let [last, lastCpuMs] = [performance.now(), cpuMs()]
  let [firstMs, firstCpuMs] = [last, lastCpuMs]
  setInterval(() => {
    const [nowMs, nowCpuMs] = [performance.now(), cpuMs()]
    cpuTimesMs.push(nowCpuMs - lastCpuMs)
    if (nowMs - last - 1 >= longBlockMs) blocks.push({ startMs: last, endMs: nowMs, cpuMs: nowCpuMs - lastCpuMs })
    last = nowMs
    lastCpuMs = nowCpuMs
  }, 1)
  const profiler = profiled ? await startProfiler() : undefined
  return async () => {
    const culprits = profiler === undefined ? [] : await profiler(blocks)
    cpuTimesMs.sort((one, other) => one - other)
    const resolutionMs = 1
    const report: DelayReport = {
      turns: histogram.count,
      p99Ms: histogram.percentile(99) / 1e6 - resolutionMs,
      p999Ms: histogram.percentile(99.9) / 1e6 - resolutionMs,
      maxMs: histogram.max / 1e6 - resolutionMs,
      longBlocks: blocks.length,
      cpuP999Ms: quantile(cpuTimesMs, 0.999),
      cpuMaxMs: cpuTimesMs.at(-1) ?? 0,
      cpuLongBlocks: blocks.filter((block) => block.cpuMs >= longBlockMs).length,
      cpuShare: (cpuMs() - firstCpuMs) / (performance.now() - firstMs),
      residentMiB: process.memoryUsage.rss() / 2 ** 20,
      culprits,
    }
    histogram.reset()
    cpuTimesMs.length = 0
    blocks = []
    firstMs = last = performance.now()
    firstCpuMs = lastCpuMs = cpuMs()
    return report
  }
}

/** CPU time of this thread; of the whole process on Node 22. */
function cpuMs(): number {
  const { user, system } = (process.threadCpuUsage ?? process.cpuUsage)()
  return (user + system) / 1000
}

/** Samples the stack every half millisecond. The returned function tells what ran in blocks, and begins anew. */
async function startProfiler(): Promise<(blocks: readonly Block[]) => Promise<Culprit[]>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 500 })
  await session.post('Profiler.start')
  return async (blocks) => {
    const { profile } = await session.post('Profiler.stop')
    await session.post('Profiler.start')
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
    const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
    /** The functions of this workspace in a stack, innermost first. */
    const describe = (id: number): string => {
      const own: string[] = []
      const innermost = nodes.get(id)?.callFrame
      for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
        const { url = '', functionName = '' } = nodes.get(at)?.callFrame ?? {}
        const [, file] = /packages\/(?:monitor|instrumentation)\/src\/(.*)\.ts/.exec(url) ?? []
        if (file !== undefined) own.push(`${file} ${functionName || '(anonymous)'}`)
      }
      if (own.length > 0) return own.slice(0, 4).join(' < ')
      return `(not ours) ${innermost?.functionName ?? ''} ${innermost?.url.split('/node_modules/').at(-1) ?? ''}`
    }
    const timesMs: number[] = []
    let timeUs = profile.startTime
    for (const delta of profile.timeDeltas ?? []) {
      timeUs += delta
      timesMs.push(timeUs / 1000)
    }
    // Profiles have the time of the system's monotonic clock.
    const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
    const culprits = new Map<string, { blocks: number; maxMs: number }>()
    let from = 0
    // Other programs may have had the processor: that is nobody's fault here.
    for (const { startMs, endMs, cpuMs } of blocks.filter((block) => block.cpuMs >= longBlockMs)) {
      while ((timesMs[from] ?? Number.POSITIVE_INFINITY) < startMs + offsetMs) from++
      const counts = new Map<string, number>()
      for (let at = from; (timesMs[at] ?? Number.POSITIVE_INFINITY) <= endMs + offsetMs; at++) {
        const part = describe(profile.samples?.[at] ?? 0)
        counts.set(part, (counts.get(part) ?? 0) + 1)
      }
      const [[part = '(no sample)'] = []] = [...counts].sort(([, one], [, other]) => other - one)
      const known = culprits.get(part) ?? { blocks: 0, maxMs: 0 }
      culprits.set(part, { blocks: known.blocks + 1, maxMs: Math.max(known.maxMs, cpuMs) })
    }
    return [...culprits].map(([part, one]) => ({ part, ...one })).sort((one, other) => other.maxMs - one.maxMs)
  }
}
