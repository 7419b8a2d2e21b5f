import { availableParallelism, cpus, loadavg } from 'node:os'

/** The machine that produced the results: they can be interpreted only together with it. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly cpuCount: number
  readonly cpuModel: string
  /** Average number of runnable processes in the last minute. More than this process alone causes noise. */
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
