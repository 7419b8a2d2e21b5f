import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { TimeSlices } from '../../time/time-slices.ts'
import { type Block, decodeBlock, encodeBlock } from './block-codec.ts'

/** Returns a block with these values, one array per series. */
function createBlock(columns: readonly (readonly number[])[]): Block {
  const count = columns[0]?.length ?? 0
  return {
    timesMs: Float64Array.from({ length: count }, (_, index) => 1_700_000_000_000 + index * 10_000),
    seriesIds: Uint32Array.from(columns.keys()),
    values: Float64Array.from(columns.flat()),
  }
}

test('a decoded block has the same bits, for any numbers', async () => {
  const values = [0, -0, 1, Number.MAX_VALUE, Number.MIN_VALUE, -1e300, Number.NaN, 0.1, 2 ** 53]
  const block = createBlock([values, values.toReversed(), values.map(() => Number.NaN)])
  const decoded = await decodeBlock(
    await encodeBlock(block, new TimeSlices()),
    block.seriesIds,
    block.timesMs.length,
    new TimeSlices(),
  )
  expect(new Uint8Array(decoded.values.slice().buffer)).toEqual(new Uint8Array(block.values.buffer))
  expect(decoded.timesMs).toEqual(block.timesMs)
})

test('an hour of counters, buckets and gauges needs less than two bytes per sample', async () => {
  let random = 1
  const nextRandom = (): number => {
    random = (random * 48_271) % 2_147_483_647
    return random / 2_147_483_647
  }
  const createCounter = (rate: number): number[] => {
    let sum = Math.floor(nextRandom() * 1e6)
    return Array.from({ length: 360 }, () => {
      sum += Math.floor(nextRandom() * rate)
      return sum
    })
  }
  const columns = Array.from({ length: 400 }, (_, index) => {
    if (index % 40 === 0) return createCounter(1000).map((value) => value * 0.000_013_7)
    if (index % 10 === 0) return Array.from({ length: 360 }, () => 5e7 + Math.floor(nextRandom() * 1e6) * 4096)
    return createCounter(index % 3 === 0 ? 2000 : index % 7)
  })
  const body = await encodeBlock(createBlock(columns), new TimeSlices())
  expect(body.length / (400 * 360)).toBeLessThan(2)
})

test('bytes that are not a block are an error', async () => {
  const block = createBlock([[1, 2, 3]])
  const body = await encodeBlock(block, new TimeSlices())
  await expect(
    decodeBlock(body.subarray(0, body.length / 2), block.seriesIds, block.timesMs.length, new TimeSlices()),
  ).rejects.toThrow()
  await expect(decodeBlock(body, Uint32Array.of(1, 2), 3, new TimeSlices())).rejects.toThrow(
    'a block of 48 bytes does not contain 3 samples of 2 series',
  )
})

test('bytes that would become more than the block are not decompressed to their end', async () => {
  const body = zstdCompressSync(new Uint8Array(64 * 2 ** 20))
  expect(body.length).toBeLessThan(10_000)
  const decoding = decodeBlock(body, Uint32Array.of(1), 3, new TimeSlices())
  await expect(decoding).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' })
  await expect(decodeBlock(body, Uint32Array.of(1), 2 ** 31, new TimeSlices())).rejects.toThrow('larger than any that is written')
})
