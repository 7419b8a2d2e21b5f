import { expect, test } from 'vitest'
import { type Block, decodeBlock, encodeBlock } from './block-codec.ts'
import { TimeSlices } from './time-slices.ts'

function blockOf(columns: readonly (readonly number[])[]): Block {
  const ticks = columns[0]?.length ?? 0
  return {
    timesMs: Float64Array.from({ length: ticks }, (_, tick) => 1_700_000_000_000 + tick * 10_000),
    seriesIds: Uint32Array.from(columns.keys()),
    values: Float64Array.from(columns.flat()),
  }
}

test('a block comes back bit by bit, whatever the numbers', async () => {
  const values = [0, -0, 1, Number.MAX_VALUE, Number.MIN_VALUE, -1e300, Number.NaN, 0.1, 2 ** 53]
  const block = blockOf([values, values.toReversed(), values.map(() => Number.NaN)])
  const decoded = await decodeBlock(
    await encodeBlock(block, new TimeSlices()),
    block.seriesIds,
    block.timesMs.length,
    new TimeSlices(),
  )
  expect(new Uint8Array(decoded.values.slice().buffer)).toEqual(new Uint8Array(block.values.buffer))
  expect(decoded.timesMs).toEqual(block.timesMs)
})

test('an hour of counters, buckets and gauges takes at most two bytes a sample', async () => {
  let random = 1
  const next = (): number => {
    random = (random * 48_271) % 2_147_483_647
    return random / 2_147_483_647
  }
  const growing = (rate: number): number[] => {
    let sum = Math.floor(next() * 1e6)
    return Array.from({ length: 360 }, () => {
      sum += Math.floor(next() * rate)
      return sum
    })
  }
  const columns = Array.from({ length: 400 }, (_, index) => {
    if (index % 40 === 0) return growing(1000).map((value) => value * 0.000_013_7)
    if (index % 10 === 0) return Array.from({ length: 360 }, () => 5e7 + Math.floor(next() * 1e6) * 4096)
    return growing(index % 3 === 0 ? 2000 : index % 7)
  })
  const body = await encodeBlock(blockOf(columns), new TimeSlices())
  expect(body.length / (400 * 360)).toBeLessThan(2)
})

test('bytes that are no block are an error', async () => {
  const block = blockOf([[1, 2, 3]])
  const body = await encodeBlock(block, new TimeSlices())
  await expect(
    decodeBlock(body.subarray(0, body.length / 2), block.seriesIds, block.timesMs.length, new TimeSlices()),
  ).rejects.toThrow()
  await expect(decodeBlock(body, Uint32Array.of(1, 2), 3, new TimeSlices())).rejects.toThrow(
    '48 bytes are not 3 samples of 2 series',
  )
})
