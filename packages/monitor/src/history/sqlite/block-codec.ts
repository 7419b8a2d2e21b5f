import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import type { TimeSlices } from './time-slices.ts'

/** Some moments of some series. */
export interface Block {
  readonly timesMs: Float64Array
  /** The series' seriesIds, ascending. */
  readonly seriesIds: Uint32Array
  /** Series after series, each with a value for every moment; NaN where it had none. */
  readonly values: Float64Array
}

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 }
const bytesOfDouble = 8

/**
 * A block as few bytes. Neighbours in a series differ in few bits: each value is XORed with the one before it, and the bytes
 * of the same weight of all differences lie together, so that zstd finds long runs of zeros. The times are a series as well.
 */
export async function encodeBlock({ timesMs, seriesIds, values }: Block, slices: TimeSlices): Promise<Uint8Array> {
  const ticks = timesMs.length
  const planes = new Uint8Array((seriesIds.length + 1) * ticks * bytesOfDouble)
  split(timesMs, planes, 0)
  for (let index = 0; index < seriesIds.length; index++) {
    split(values.subarray(index * ticks, (index + 1) * ticks), planes, (index + 1) * ticks)
    await slices.yieldIfDue()
  }
  return compress(planes, { params })
}

/** @throws Error where these bytes are not that many moments of these series. */
export async function decodeBlock(body: Uint8Array, seriesIds: Uint32Array, ticks: number, slices: TimeSlices): Promise<Block> {
  const planes = await decompress(body)
  // Node 22 takes half a stream for a whole one.
  if (planes.length !== (seriesIds.length + 1) * ticks * bytesOfDouble)
    throw new Error(`${planes.length} bytes are not ${ticks} samples of ${seriesIds.length} series`)
  const all = new Float64Array((seriesIds.length + 1) * ticks)
  for (let index = 0; index <= seriesIds.length; index++) {
    join(planes, all.subarray(index * ticks, (index + 1) * ticks), index * ticks)
    await slices.yieldIfDue()
  }
  return { timesMs: all.subarray(0, ticks), seriesIds, values: all.subarray(ticks) }
}

/** Writes one series' differences into the eight planes, from place `start` of each. */
function split(series: Float64Array, planes: Uint8Array, start: number): void {
  const words = new Uint32Array(series.buffer, series.byteOffset, series.length * 2)
  const plane = planes.length / bytesOfDouble
  let lowBefore = 0
  let highBefore = 0
  for (let tick = 0; tick < series.length; tick++) {
    const low = words[tick * 2] as number
    const high = words[tick * 2 + 1] as number
    let position = start + tick
    for (let difference = low ^ lowBefore, byte = 0; byte < 4; byte++, difference >>>= 8, position += plane)
      planes[position] = difference
    for (let difference = high ^ highBefore, byte = 0; byte < 4; byte++, difference >>>= 8, position += plane)
      planes[position] = difference
    lowBefore = low
    highBefore = high
  }
}

function join(planes: Uint8Array, series: Float64Array, start: number): void {
  const words = new Uint32Array(series.buffer, series.byteOffset, series.length * 2)
  const plane = planes.length / bytesOfDouble
  const wordAt = (position: number): number =>
    (planes[position] as number) |
    ((planes[position + plane] as number) << 8) |
    ((planes[position + 2 * plane] as number) << 16) |
    ((planes[position + 3 * plane] as number) << 24)
  let low = 0
  let high = 0
  for (let tick = 0; tick < series.length; tick++) {
    low ^= wordAt(start + tick)
    high ^= wordAt(start + tick + 4 * plane)
    words[tick * 2] = low
    words[tick * 2 + 1] = high
  }
}
