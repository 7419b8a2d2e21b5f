import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectProcessMemory } from '@wombat/instrumentation/internal'
import { SnapshotReader, TimeSeries, toSamples } from '@wombat/monitor'
import { onTestFinished } from 'vitest'
import { type BuiltInSourceOptions, createBuiltInSource } from '../../src/health/built-in-source.ts'
import type { Explanation, Finding, HealthCheckResult } from '../../src/health/check.ts'
import { createExplain } from '../../src/health/explanation/explanation.ts'
import type { HealthStatus } from '../../src/health/status.ts'
import { ProcessMonitor } from '../../src/process/process-monitor.ts'

type Options = Partial<Pick<BuiltInSourceOptions, 'bounds' | 'probe' | 'memoryLimitBytes'>>

/** A registry whose stores' health is looked at with everything real: reader, history, event loop, thread pool, checks. */
export function watched({ probe = 'write', ...options }: Options = {}) {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  const history = new TimeSeries({ intervalMs: 100 })
  const process = new ProcessMonitor(registry)
  process.start()
  onTestFinished(collectProcessMemory(registry))
  onTestFinished(() => process.close())
  const source = createBuiltInSource({ registry, history, process, probe, ...options })
  const explain = createExplain({ registry, history, process, ...options })

  /** Remembers the metrics as they are now. */
  const remember = async (): Promise<void> => {
    const { points, timeMs } = await reader.take()
    history.append(timeMs, points.flatMap(toSamples))
  }

  const names = (store?: string): string[] => source().flatMap((check) => (check.store === store ? check.name : []))

  const look = async (name: string, store?: string, previousStatus: HealthStatus = 'healthy'): Promise<Finding> => {
    const check = source().find((check) => check.name === name && check.store === store)
    if (check === undefined) throw new Error(`there is no check ${name} of ${store}`)
    return check.run({ signal: new AbortController().signal, nowMs: Date.now(), previousStatus })
  }

  /** Runs every check that there is. */
  const lookAtAll = async (): Promise<HealthCheckResult[]> =>
    Promise.all(
      source().map(async ({ name, store }) => {
        const fromMs = performance.now()
        const finding = await look(name, store)
        const durationSeconds = (performance.now() - fromMs) / 1000
        return { name, ...(store !== undefined && { store }), ...finding, lastCheckMs: Date.now(), sinceMs: 0, durationSeconds }
      }),
    )

  const explained = (all: readonly HealthCheckResult[], name: string, store?: string): Explanation => {
    const result = all.find((result) => result.name === name && result.store === store)
    if (result === undefined) throw new Error(`there is no result ${name} of ${store}`)
    return explain(result, all, Date.now())
  }

  return { registry, history, process, remember, names, look, lookAtAll, explained, explain, source }
}
