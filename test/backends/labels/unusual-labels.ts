import { randomFrom } from '@wombat/test-support/random'

const pools: Readonly<Record<string, readonly string[]>> = {
  plain: [...'abcXYZ019 _-./:'],
  escapes: ['"', "'", '\\', '\n', '\\n', '\\"', '{', '}', ',', '=', '#', '\\u0041', '%0A', '&amp;'],
  spaces: ['\t', '\r', '\n', '\v', '\f', ' ', '\u00a0', '\u2028', '\u2029', '\u3000', '\ufeff'],
  controls: ['\u0000', '\u0001', '\u0007', '\b', '\u001b', '\u001f', '\u007f', '\u0080', '\u0085', '\u009f'],
  astral: ['😀', '👩‍👩‍👧', '𝒳', '🇩🇪', '\u{10ffff}', '\u{1f9ff}'],
  halves: ['\ud800', '\udbff', '\udc00', '\udfff'],
  directions: ['\u200e', '\u200f', '\u202e', '\u2066', '\u200b', '\u200d', 'שלום', 'مرحبا'],
  beyond: ['é', 'e\u0301', '漢', '\ufffd', '\ufffe', '\uffff', 'ß'],
}

const controlCharacters = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index)]

/** Values that random generation would rarely produce. */
const particular: readonly string[] = [
  ...controlCharacters.map((code) => `a${String.fromCharCode(code)}b`),
  '',
  ' ',
  'NaN',
  '+Inf',
  '__proto__',
  '\\',
  '\\\\',
  '"} 1\ndb_get_operations_total{store="forged"} 1e9',
  'ends in a backslash\\',
  '# HELP not a comment',
  'a'.repeat(1024),
  'a'.repeat(1025),
  'a'.repeat(10_240),
  '"\\\n'.repeat(341),
  '😀'.repeat(512),
  '漢'.repeat(1024),
]

export interface UnusualLabels {
  readonly [key: string]: string
  readonly value: string
}

/**
 * Creates distinct labels that depend on the seed only: one set for each value above, and `count` random ones. Every third set
 * has a second label, so that one value could be mistaken for the end of another.
 */
export function createUnusualLabels(seed: number, count: number): readonly UnusualLabels[] {
  const random = randomFrom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const value = (): string => {
    const pool = pools[pick(Object.keys(pools))] ?? []
    const length = pick([1, 1, 2, 3, 5, 8, 20])
    const mixed = random() < 0.5
    return Array.from({ length }, () => pick(mixed && random() < 0.5 ? (pools['plain'] ?? []) : pool)).join('')
  }
  const values = new Set(particular)
  while (values.size < particular.length + count) values.add(value())
  return [...values].map((value, index, all) => (index % 3 === 2 ? { value, other: all[index - 1] ?? '' } : { value }))
}
