import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectProcessMemory } from '@wombat/instrumentation/internal'
import { SnapshotReader, TimeSeries, toSamples } from '@wombat/monitor'
import { expect, onTestFinished } from 'vitest'
import { type BuiltInSourceOptions, createBuiltInSource } from '../../src/health/built-in-source.ts'
import type { Explanation, Finding, HealthCheckResult } from '../../src/health/check.ts'
import { createExplain } from '../../src/health/explanation/explanation.ts'
import type { HealthStatus } from '../../src/health/status.ts'
import { ProcessMonitor } from '../../src/process/process-monitor.ts'

export type HealthChecksOptions = Partial<Pick<BuiltInSourceOptions, 'bounds' | 'probe' | 'memoryLimitBytes'>>

const sampleIntervalMs = 100

/** Creates the built-in checks of a registry with a real reader, history, event loop and thread pool. */
export function createHealthChecks({ probe = 'write', bounds, ...others }: HealthChecksOptions = {}) {
  // The tests block the process soon after its start.
  const options = { ...others, bounds: { ...bounds, startupSeconds: 0.001 } }
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  const history = new TimeSeries({ intervalMs: sampleIntervalMs })
  const process = new ProcessMonitor(registry)
  process.start()
  onTestFinished(collectProcessMemory(registry))
  onTestFinished(() => process.close())
  const source = createBuiltInSource({ registry, history, process, probe, ...options })
  const explain = createExplain({ registry, history, process, ...options })

  let lastSampleMs = 0
  const now = (): number => Math.max(Date.now(), lastSampleMs)

  /** Adds the current metrics to the history, at least one interval after the last sample: no test waits for the interval. */
  const recordMetrics = async (): Promise<void> => {
    const { points, timeMs } = await reader.take()
    lastSampleMs = Math.max(timeMs, lastSampleMs + sampleIntervalMs)
    history.append(lastSampleMs, points.flatMap(toSamples))
  }

  /** Waits until the event loop was measured again and is on time. */
  const nextTick = async (): Promise<void> => {
    const fromMs = performance.now()
    const isOnTime = (): boolean => process.hasIteratedSince(fromMs) && process.loopDelaySeconds() < 0.01
    await expect.poll(isOnTime, { interval: 5, timeout: 5000 }).toBe(true)
  }

  const checkNames = (store?: string): string[] => source().flatMap((check) => (check.store === store ? check.name : []))

  const runCheck = async (name: string, store?: string, previousStatus: HealthStatus = 'healthy'): Promise<Finding> => {
    const check = source().find((check) => check.name === name && check.store === store)
    if (check === undefined) throw new Error(`there is no check ${name} of ${store}`)
    return check.run({ signal: new AbortController().signal, nowMs: now(), previousStatus })
  }

  const runAllChecks = async (): Promise<HealthCheckResult[]> =>
    Promise.all(
      source().map(async ({ name, store }) => {
        const fromMs = performance.now()
        const finding = await runCheck(name, store)
        const durationSeconds = (performance.now() - fromMs) / 1000
        return { name, ...(store !== undefined && { store }), ...finding, lastCheckMs: now(), sinceMs: 0, durationSeconds }
      }),
    )

  const explainResult = (all: readonly HealthCheckResult[], name: string, store?: string): Explanation => {
    const result = all.find((result) => result.name === name && result.store === store)
    if (result === undefined) throw new Error(`there is no result ${name} of ${store}`)
    return explain(result, all, now())
  }

  return {
    registry,
    history,
    process,
    source,
    explain,
    recordMetrics,
    nextTick,
    checkNames,
    runCheck,
    runAllChecks,
    explainResult,
  }
}
