import { availableParallelism, cpus, loadavg } from 'node:os'

/** Where the numbers come from: without this they mean nothing. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly cpuCount: number
  readonly cpuModel: string
  /** Processes that wanted to run over the last minute; more than this process alone means noise. */
  readonly loadAverage: number
}

export function thisMachine(): Machine {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpuCount: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() || 'unknown',
    loadAverage: loadavg()[0] ?? 0,
  }
}
