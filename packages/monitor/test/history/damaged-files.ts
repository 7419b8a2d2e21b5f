import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { randomFrom } from '@wombat/test-support/random'
import { TimeSeries } from '../../src/history/memory/time-series.ts'
import type { HistorySeries, Sample } from '../../src/history/series.ts'
import { DurableHistory } from '../../src/history/sqlite/durable-history.ts'
import { compactionIntervalMs, intervalMs } from './sample-data.ts'

const pageBytes = 4096
const beginning = 1_700_000_000_000 - (1_700_000_000_000 % compactionIntervalMs)
const sampleCount = 330
const endMs = beginning + (sampleCount - 1) * intervalMs
const allSeries = Array.from({ length: 150 }, (_, index): HistorySeries => {
  return {
    name: `series_${index % 4}`,
    labels: { store: `store ${index % 10}`, index: String(index) },
    isCounter: index % 2 === 0,
  }
})
const texts = { alerts: JSON.stringify({ firing: ['A'.repeat(300)] }), silences: '[]' }

function valueAt(position: number, sampleIndex: number): number {
  return position % 2 === 0 ? sampleIndex * position : Math.sin(sampleIndex + position)
}

function createSamples(sampleIndex: number): Sample[] {
  return allSeries.map((series, position) => ({ series, value: valueAt(position, sampleIndex) }))
}

/** What happened to some damaged files: how many there were, how many lost something, and which share of all samples was kept. */
export interface DamageFigures {
  files: number
  /** Files that did not open, or gave a sample or a text that was not written. */
  readonly violations: string[]
  /** Files of which something was lost: each has said so. */
  withLoss: number
  keptShare: number
}

/** A way to damage a file. Returns the bytes that remain. */
type Damage = (bytes: Buffer, random: () => number) => Buffer

/** The kinds of damage. */
export const damages: Readonly<Record<string, Damage>> = {
  'one flipped bit': (bytes, random) => flip(bytes, random, 1),
  '50 flipped bits': (bytes, random) => flip(bytes, random, 50),
  truncated: (bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length)),
  'two blocks swapped': (bytes, random) => {
    const [one, other] = [pageAt(bytes, random), pageAt(bytes, random)]
    const copy = Buffer.from(bytes.subarray(one, one + pageBytes))
    bytes.copy(bytes, one, other, other + pageBytes)
    copy.copy(bytes, other)
    return bytes
  },
  'a block overwritten': (bytes, random) => {
    const page = pageAt(bytes, random)
    return bytes.fill(Math.floor(random() * 256), page, page + 512 * (1 + Math.floor(random() * 8)))
  },
}

function flip(bytes: Buffer, random: () => number, count: number): Buffer {
  for (let index = 0; index < count; index++) {
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8))
  }
  return bytes
}

function pageAt(bytes: Buffer, random: () => number): number {
  return Math.floor((random() * bytes.length) / pageBytes) * pageBytes
}

/** Writes a file as two processes leave it: with blocks, with samples that are not compacted, and with texts. */
export async function writeWhole(path: string): Promise<void> {
  for (const [from, to] of [
    [0, 200],
    [200, sampleCount],
  ] as const) {
    const { file } = await open(path)
    for (let index = from; index < to; index++) {
      file.append(beginning + index * intervalMs, createSamples(index))
      await file.idle()
    }
    for (const [name, text] of Object.entries(texts)) file.setMetadata(name, text)
    file.close()
  }
}

/** Damages copies of a file, opens each and compares what it gives with what was written. */
export async function openDamagedFiles(
  whole: string,
  directory: string,
  kind: string,
  count: number,
  seed: number,
): Promise<DamageFigures> {
  const figures: DamageFigures = { files: 0, violations: [], withLoss: 0, keptShare: 0 }
  const random = randomFrom(seed)
  for (; figures.files < count; figures.files++) {
    const path = join(directory, `${seed}-${figures.files % 8}.db`)
    for (const suffix of ['-wal', '.damaged', '.damaged-wal', '.rebuilt']) writeFileSync(path + suffix, '')
    copyFileSync(whole, path)
    writeFileSync(path, (damages[kind] as Damage)(readFileSync(path), random))
    try {
      const kept = await openDamaged(path)
      figures.keptShare += kept / count
      if (kept < 1) figures.withLoss++
    } catch (error) {
      figures.violations.push(`file ${figures.files} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return figures
}

async function open(path: string) {
  const logger = collectingLogger()
  const limits = { retentionMs: 30 * 86_400_000, maxBytes: 2 ** 28, minFreeBytes: 0 }
  return { file: await DurableHistory.open({ path, logger, compactionIntervalMs, ...limits }), logger }
}

/** Opens a damaged file. Returns which share of the samples is there. Throws if something is wrong, or lost without a word. */
async function openDamaged(path: string): Promise<number> {
  const opened = await open(path)
  try {
    return await compare(path, opened)
  } finally {
    opened.file.close()
  }
}

async function compare(path: string, { file, logger }: Awaited<ReturnType<typeof open>>): Promise<number> {
  const history = new TimeSeries({ intervalMs })
  await file.restore(history, endMs)
  const kept = compareSamples(history)
  const found = Object.fromEntries(Object.keys(texts).map((name) => [name, file.metadata(name)]))
  const lost = Object.entries(texts).filter(([name, text]) => found[name] !== text)
  for (const [name] of lost) if (found[name] !== undefined) throw new Error(`the text ${name} is not the one that was written`)
  if ((kept < 1 || lost.length > 0) && logger.lines.length === 0) throw new Error('something was lost without a word')
  // The first one may meet damage that nothing was read from.
  for (const later of [1, 2]) {
    file.append(endMs + later * intervalMs, createSamples(sampleCount + later - 1))
    await file.idle()
  }
  const lastMs = endMs + 2 * intervalMs
  if (file.lastSampleMs(lastMs) !== lastMs) throw new Error('no further sample can be written')
  file.close()
  const again = await open(path)
  await again.file.restore(new TimeSeries({ intervalMs }), lastMs)
  again.file.close()
  if (again.logger.lines.length > 0) throw new Error(`the new file is damaged as well: ${JSON.stringify(again.logger.lines)}`)
  return kept
}

/** Compares all samples of a history with what was written. Returns which share of them is there. */
function compareSamples(history: TimeSeries): number {
  let kept = 0
  for (const [position, series] of allSeries.entries()) {
    const { timesMs, values } = history.range(series, beginning - 1, endMs)
    for (const [index, timeMs] of Array.from(timesMs).entries()) {
      const sampleIndex = (timeMs - beginning) / intervalMs
      const expected = valueAt(position, sampleIndex)
      if (expected !== values[index])
        throw new Error(`${series.name} ${position} has ${values[index]} at sample ${sampleIndex}, not ${expected}`)
      kept++
    }
  }
  return kept / sampleCount / allSeries.length
}
