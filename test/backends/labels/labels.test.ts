import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Labels } from '@wombat/instrumentation'
import { end } from '@wombat/test-support/backend-process'
import { installed } from '@wombat/test-support/backend-programs'
import { plainEnvironment } from '@wombat/test-support/clean-environment'
import { samplesOfJson } from '@wombat/test-support/json-samples'
import { startOtlpTee } from '@wombat/test-support/otlp-tee'
import { prometheusTakesOtlp, startPrometheus } from '@wombat/test-support/prometheus'
import { query } from '@wombat/test-support/query'
import type { Sample } from '@wombat/test-support/sample'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { startVictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Given, Instructions } from './label-process.ts'
import { wildLabels } from './unusual-labels.ts'

const name = 'wild_labels_total'
/** LABEL_SEED makes it other ones. */
const seed = Number(process.env['LABEL_SEED'] ?? 7)
const count = 400

async function give(instructions: Instructions): Promise<Given> {
  const script = fileURLToPath(new URL('label-process.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(instructions)], { execArgv: [...nodeFlags], env: plainEnvironment() })
  onTestFinished(() => end(child))
  const [given] = (await once(child, 'message')) as [Given]
  return given
}

/** What of the labels that were taken is not there, or not as it was given, a line each. */
function altered(taken: ReadonlyMap<number, Labels>, samples: readonly Sample[]): string[] {
  const there = new Map(samples.map(({ labels, value }) => [value - 1, labels]))
  const wrong = [...taken].filter(([index, labels]) => !isSame(labels, there.get(index)))
  const added = [...there].filter(([index]) => !taken.has(index))
  return [
    ...wrong.map(([index, labels]) => `${JSON.stringify(labels)} became ${JSON.stringify(there.get(index))}`),
    ...added.map(([, labels]) => `${JSON.stringify(labels)} came from nowhere`),
  ]
}

function isSame(given: Labels, got: Labels | undefined): boolean {
  return given['value'] === got?.['value'] && given['other'] === got?.['other']
}

describe.skipIf(!installed('prometheus', 'victoria-metrics'))('the value of a label', () => {
  test('is refused at the door, or comes out of every backend as it went in', async () => {
    const pushed = prometheusTakesOtlp ? [await startPrometheus()] : []
    const overOtlp = [await startVictoriaMetrics(), ...pushed]
    const tee = await startOtlpTee(overOtlp.map(({ otlpUrl }) => otlpUrl))
    const { addresses, refused } = await give({ seed, count, otlpUrl: tee.url })
    const scraping = await startPrometheus(`${addresses.prometheus}/metrics`)
    const taken = new Map([...wildLabels(seed, count).entries()].filter(([index]) => refused[index] === undefined))

    for (const complaint of Object.values(refused)) expect(complaint).toMatch(/^TypeError: metric wild_labels_total: label /)
    expect(taken.size).toBeGreaterThan(300)
    const inJson = async () => (await samplesOfJson(`${addresses.json}/api/v1/metrics`)).filter((sample) => sample.name === name)
    expect(altered(taken, await inJson())).toEqual([])
    for (const { url } of [scraping, ...overOtlp]) {
      await expect.poll(async () => altered(taken, await query(url, name)), { timeout: 20_000, interval: 500 }).toEqual([])
    }
    expect([...tee.seen]).toEqual(['application/x-protobuf gzip 200'])
  }, 60_000)
})
