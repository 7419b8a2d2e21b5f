import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Labels } from '@wombat/instrumentation'
import { stopProcess } from '@wombat/test-support/backend-process'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { fetchJsonSamples } from '@wombat/test-support/json-samples'
import { startOtlpTee } from '@wombat/test-support/otlp-tee'
import { hasOtlpReceiver, startPrometheus } from '@wombat/test-support/prometheus'
import { query } from '@wombat/test-support/query'
import type { Sample } from '@wombat/test-support/sample'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { startVictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LabelProcessOptions, LabelProcessResult } from './label-process.ts'
import { createUnusualLabels } from './unusual-labels.ts'

const name = 'wild_labels_total'
/** LABEL_SEED selects other labels. */
const seed = Number(process.env['LABEL_SEED'] ?? 7)
const count = 400

async function startLabelProcess(instructions: LabelProcessOptions): Promise<LabelProcessResult> {
  const script = fileURLToPath(new URL('label-process.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(instructions)], { execArgv: [...nodeFlags], env: cleanEnvironment() })
  onTestFinished(() => stopProcess(child))
  const [given] = (await once(child, 'message')) as [LabelProcessResult]
  return given
}

/** Returns one line for each accepted label set that is missing or changed in a backend. */
function findChanges(accepted: ReadonlyMap<number, Labels>, samples: readonly Sample[]): string[] {
  const there = new Map(samples.map(({ labels, value }) => [value - 1, labels]))
  const wrong = [...accepted].filter(([index, labels]) => !isSame(labels, there.get(index)))
  const added = [...there].filter(([index]) => !accepted.has(index))
  return [
    ...wrong.map(([index, labels]) => `${JSON.stringify(labels)} became ${JSON.stringify(there.get(index))}`),
    ...added.map(([, labels]) => `${JSON.stringify(labels)} was never recorded`),
  ]
}

function isSame(given: Labels, got: Labels | undefined): boolean {
  return given['value'] === got?.['value'] && given['other'] === got?.['other']
}

describe.skipIf(!areInstalled('prometheus', 'victoria-metrics'))('a label value', () => {
  test('is rejected, or arrives unchanged in every backend', async () => {
    const pushed = hasOtlpReceiver ? [await startPrometheus()] : []
    const overOtlp = [await startVictoriaMetrics(), ...pushed]
    const tee = await startOtlpTee(overOtlp.map(({ otlpUrl }) => otlpUrl))
    const { addresses, refused } = await startLabelProcess({ seed, count, otlpUrl: tee.url })
    const scraping = await startPrometheus(`${addresses.prometheus}/metrics`)
    const accepted = new Map([...createUnusualLabels(seed, count).entries()].filter(([index]) => refused[index] === undefined))

    for (const complaint of Object.values(refused)) expect(complaint).toMatch(/^TypeError: metric wild_labels_total: label /)
    expect(accepted.size).toBeGreaterThan(300)
    const inJson = async () =>
      (await fetchJsonSamples(`${addresses.json}/api/v1/metrics`)).filter((sample) => sample.name === name)
    expect(findChanges(accepted, await inJson())).toEqual([])
    for (const { url } of [scraping, ...overOtlp]) {
      await expect.poll(async () => findChanges(accepted, await query(url, name)), { timeout: 20_000, interval: 500 }).toEqual([])
    }
    expect([...tee.seen]).toEqual(['application/x-protobuf gzip 200'])
  }, 60_000)
})
