import { formatBytes } from '../page/format/bytes.ts'
import { formatDuration } from '../page/format/durations.ts'
import { formatNumber, formatShare } from '../page/format/numbers.ts'
import type { EngineNumbers, StoreSnapshot } from './snapshot.ts'

/** Returns the parts of the one line about an engine: levels, compactions, stalls and sizes, as far as it reports them. */
export function engineParts({ engine, engineVersion, sizeBytes, memoryBytes, engineNumbers }: StoreSnapshot): string[] {
  const { levels, walBytes } = engineNumbers
  return [
    [engine, engineVersion].filter(Boolean).join(' '),
    levels === undefined ? '' : levels.map(({ level, files, bytes }) => `L${level} ${files}×${formatBytes(bytes)}`).join('  '),
    compactionText(engineNumbers),
    stallText(engineNumbers),
    sizeBytes === undefined ? '' : `${formatBytes(sizeBytes)} on disk`,
    memoryBytes === undefined ? '' : `${formatBytes(memoryBytes)} memory`,
    walBytes === undefined ? '' : `WAL ${formatBytes(walBytes)}`,
  ].filter((part) => part !== '')
}

/** Returns one line for each part of an engine that reports something: its title, and the text. */
export function engineLines(store: StoreSnapshot): Array<readonly [title: string, text: string]> {
  const { engineNumbers: numbers, sizeBytes, memoryBytes, hitRatio } = store
  const { levels, walBytes, freeBytes, entries, memtableBytes, cacheBytes, openIterators, openSnapshots } = numbers
  const bytes = (label: string, value: number | undefined): string =>
    value === undefined ? '' : `${label} ${formatBytes(value)}`
  const count = (label: string, value: number | undefined): string => (value === undefined ? '' : plural(value, label))
  const lines: Array<readonly [string, readonly string[]]> = [
    ['levels', (levels ?? []).map(({ level, files, bytes: size }) => `L${level} ${plural(files, 'file')} ${formatBytes(size)}`)],
    ['compaction', [compactionText(numbers), writeText('writes', numbers.compactionBytesPerSecond)]],
    ['flush', [writeText('writes', numbers.flushBytesPerSecond)]],
    ['stalls', [stallText(numbers)]],
    [
      'disk',
      [
        bytes('files', sizeBytes),
        bytes('WAL', walBytes),
        bytes('free', freeBytes),
        entries === undefined ? '' : `${formatNumber(entries)} entries`,
      ],
    ],
    [
      'memory',
      [
        bytes('all', memoryBytes),
        bytes('memtables', memtableBytes),
        bytes('cache', cacheBytes),
        hitRatio === undefined ? '' : `hits ${formatShare(hitRatio)}`,
        numbers.evictionsPerSecond === undefined ? '' : `evictions ${formatNumber(numbers.evictionsPerSecond)} /s`,
      ],
    ],
    ['readers', [count('iterator', openIterators), count('snapshot', openSnapshots)]],
  ]
  return lines.flatMap(([title, parts]) => {
    const text = parts.filter((part) => part !== '').join(', ')
    return text === '' ? [] : [[title, text] as const]
  })
}

function compactionText({ compactionsRunning, compactionPendingBytes }: EngineNumbers): string {
  if (compactionsRunning === undefined) return ''
  const pending = compactionPendingBytes ? `, ${formatBytes(compactionPendingBytes)} pending` : ''
  return `${plural(compactionsRunning, 'compaction')} running${pending}`
}

/** Returns the stalls that last or, if there are none, how much of the time there were some. */
function stallText({ writeStalls, writeStallShare }: EngineNumbers): string {
  if (writeStalls === undefined) return ''
  if (writeStalls.length > 0) {
    return writeStalls.map(({ cause, seconds }) => `STALL of ${formatDuration(seconds)}: ${cause}`).join(', ')
  }
  return writeStallShare ? `writes stalled ${formatShare(writeStallShare)} of the time` : 'no stall'
}

function writeText(word: string, perSecond: number | undefined): string {
  return perSecond === undefined ? '' : `${word} ${formatBytes(perSecond)}/s`
}

function plural(count: number, word: string): string {
  return `${formatNumber(count)} ${word}${count === 1 ? '' : 's'}`
}
