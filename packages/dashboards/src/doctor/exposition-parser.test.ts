import { expect, test } from 'vitest'
import { parseExposition } from './exposition-parser.ts'

test('samples are parsed with escaped labels, timestamps and exemplars; other lines are skipped', () => {
  const text = [
    '# HELP db_level_files Table files in this level.',
    '# TYPE db_level_files gauge',
    'db_level_files{store="a \\"b\\" \\\\ {c}, d",level="0"} 3 1700000000000',
    'up 1',
    'db_get_latency_seconds_bucket{le="+Inf",store="o\\np",} 4 # {trace_id="x"} 0.1',
    'db_free_bytes{store="s"} +Inf',
    'nonsense',
    '',
  ].join('\n')
  expect(parseExposition(text)).toEqual([
    { name: 'db_level_files', labels: { store: 'a "b" \\ {c}, d', level: '0' }, value: 3 },
    { name: 'up', labels: {}, value: 1 },
    { name: 'db_get_latency_seconds_bucket', labels: { le: '+Inf', store: 'o\np' }, value: 4 },
    { name: 'db_free_bytes', labels: { store: 's' }, value: Number.POSITIVE_INFINITY },
  ])
})

test('a text in another format has no samples', () => {
  expect(parseExposition('<html><body>not found</body></html>')).toEqual([])
})
