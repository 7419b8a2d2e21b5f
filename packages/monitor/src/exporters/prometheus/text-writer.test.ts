import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { RegistryReader } from '../../collection/registry-reader.ts'
import { ManualClock } from '../../time/clock.ts'
import { writePage } from './page.ts'
import { canonicalNumber, openMetricsDialect, plainOpenMetricsDialect, type TextDialect } from './text-dialects.ts'
import { TextWriter } from './text-writer.ts'

function monitored() {
  const registry = new MetricsRegistry()
  const reader = new RegistryReader({ attributes: { 'service.name': 'shop' }, fromEnvironment: { 'service.instance.id': '1' } })
  reader.follow(registry, new ManualClock(1_700_000_000_500))
  const page = async (dialect: TextDialect): Promise<string> => {
    const reading = await reader.read()
    reading.startTimes.update()
    const writer = new TextWriter(dialect)
    for (const _ of writePage({ reading: { ...reading, record: () => {} }, foreign: [], semconv: 'wombat' }, writer));
    return Buffer.from(writer.take()).toString()
  }
  return { registry, page }
}

test('OpenMetrics has units, exemplars, the times at which counting started, and an end', async () => {
  const { registry, page } = monitored()
  registry.declare({
    name: 'cart_bytes_total',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of "carts"\nand\\more.',
    attributes: ['zone'],
  })
  registry.declare({
    name: 'wait_seconds',
    kind: 'histogram',
    unit: 's',
    description: 'Waits.',
    attributes: [],
    bounds: [0.00001, 1, 1e6],
  })
  registry.declare({ name: 'cart_items', kind: 'gauge', unit: '{item}', description: 'Items.', attributes: [] })
  registry.incrementCounter('cart_bytes_total', 3, { zone: 'a"b' })
  const wait = registry.histogram('wait_seconds')
  for (const value of [0.5, 1, 2e7]) wait.record(value)
  wait.setExemplar({
    value: 1,
    timeMs: 1_700_000_000_250,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  })
  registry.setGauge('cart_items', 2)
  const text = await page(openMetricsDialect)
  const own = text.slice(text.indexOf('# HELP cart_bytes'))
  // Created moments ago.
  expect(own.replaceAll(/^(\S+_created\S* )1700000000\.\d+$/gm, '$1TIME')).toBe(
    [
      '# HELP cart_bytes Bytes of \\"carts\\"\\nand\\\\more.',
      '# TYPE cart_bytes counter',
      '# UNIT cart_bytes bytes',
      'cart_bytes_total{zone="a\\"b"} 3',
      'cart_bytes_created{zone="a\\"b"} TIME',
      '# HELP wait_seconds Waits.',
      '# TYPE wait_seconds histogram',
      '# UNIT wait_seconds seconds',
      'wait_seconds_count 3',
      'wait_seconds_sum 20000001.5',
      'wait_seconds_bucket{le="1e-05"} 0',
      'wait_seconds_bucket{le="1.0"} 2 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 1 1700000000.25',
      'wait_seconds_bucket{le="1e+06"} 2',
      'wait_seconds_bucket{le="+Inf"} 3',
      'wait_seconds_created TIME',
      '# HELP cart_items Items.',
      '# TYPE cart_items gauge',
      'cart_items 2',
      '# EOF',
      '',
    ].join('\n'),
  )
  expect(text).toMatch(/^# HELP target Target metadata\n# TYPE target info\ntarget_info\{.*service_name="shop".*\} 1\n/)
  expect(await page(plainOpenMetricsDialect)).toBe(text.replaceAll(/^.*_created.*\n/gm, ''))
})

const bounds: ReadonlyArray<[bound: number, text: string]> = [
  [1, '1.0'],
  [10, '10.0'],
  [100_000, '100000.0'],
  [1_000_000, '1e+06'],
  [1_500_000, '1.5e+06'],
  [1e21, '1e+21'],
  [0.25, '0.25'],
  [0.0001, '0.0001'],
  [0.00025, '0.00025'],
  [0.00001, '1e-05'],
  [0.0000025, '2.5e-06'],
  [1e-10, '1e-10'],
]
for (const [bound, text] of bounds) {
  test(`OpenMetrics has the bound ${text}`, () => {
    expect(canonicalNumber(bound)).toBe(text)
  })
}
