import { promisify } from 'node:util'
import type { TimeSlices } from '../../time/time-slices.ts'

/** Samples of several series at several times. */
export interface Block {
  readonly timesMs: Float64Array
  /** Ids of the series, ascending. */
  readonly seriesIds: Uint32Array
  /** All values of the first series, then of the second, and so on; NaN without a sample. */
  readonly values: Float64Array
}

/** Loaded with the first block: it takes 2 MiB. */
const zlib = () => process.getBuiltinModule('node:zlib')

const bytesPerValue = 8

/** More than any block that is written has: samples of 2 MiB become one. */
const maxBlockBytes = 2 ** 30

/**
 * Encodes a block. Adjacent values of a series differ in few bits, so each value is XORed with the previous one, and the bytes of
 * equal significance of all results are stored together (byte planes): zstd then finds long runs of zeros. The times are encoded
 * as another series.
 */
export async function encodeBlock({ timesMs, seriesIds, values }: Block, slices: TimeSlices): Promise<Uint8Array> {
  const count = timesMs.length
  const planes = new Uint8Array((seriesIds.length + 1) * count * bytesPerValue)
  writePlanes(timesMs, planes, 0)
  for (let index = 0; index < seriesIds.length; index++) {
    writePlanes(values.subarray(index * count, (index + 1) * count), planes, (index + 1) * count)
    if (slices.isDue) await slices.pause()
  }
  const { zstdCompress, constants } = zlib()
  const params = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 }
  slices.end()
  const body = await promisify(zstdCompress)(planes, { params })
  slices.begin()
  return body
}

/**
 * Decodes a block with these series and `count` sample times.
 *
 * @throws Error if the bytes are damaged or have another size.
 */
export async function decodeBlock(body: Uint8Array, seriesIds: Uint32Array, count: number, slices: TimeSlices): Promise<Block> {
  const expectedBytes = (seriesIds.length + 1) * count * bytesPerValue
  if (expectedBytes > maxBlockBytes) throw new Error(`a block of ${expectedBytes} bytes is larger than any that is written`)
  slices.end()
  // A file that was changed on purpose may have a few kilobytes that become gigabytes.
  const planes = await promisify(zlib().zstdDecompress)(body, { maxOutputLength: Math.max(1, expectedBytes) })
  slices.begin()
  // Node 22 does not report a truncated stream.
  if (planes.length !== expectedBytes)
    throw new Error(`a block of ${planes.length} bytes does not contain ${count} samples of ${seriesIds.length} series`)
  const all = new Float64Array((seriesIds.length + 1) * count)
  for (let index = 0; index <= seriesIds.length; index++) {
    readPlanes(planes, all.subarray(index * count, (index + 1) * count), index * count)
    if (slices.isDue) await slices.pause()
  }
  return { timesMs: all.subarray(0, count), seriesIds, values: all.subarray(count) }
}

/** Writes the XORed values of one series to the eight planes, from position `start` of each plane. */
function writePlanes(series: Float64Array, planes: Uint8Array, start: number): void {
  const words = new Uint32Array(series.buffer, series.byteOffset, series.length * 2)
  const planeLength = planes.length / bytesPerValue
  let previousLow = 0
  let previousHigh = 0
  for (let index = 0; index < series.length; index++) {
    const low = words[index * 2] as number
    const high = words[index * 2 + 1] as number
    let position = start + index
    for (let bits = low ^ previousLow, byte = 0; byte < 4; byte++, bits >>>= 8, position += planeLength) planes[position] = bits
    for (let bits = high ^ previousHigh, byte = 0; byte < 4; byte++, bits >>>= 8, position += planeLength) planes[position] = bits
    previousLow = low
    previousHigh = high
  }
}

/** Reads the values of one series from the eight planes, from position `start` of each plane. */
function readPlanes(planes: Uint8Array, series: Float64Array, start: number): void {
  const words = new Uint32Array(series.buffer, series.byteOffset, series.length * 2)
  const planeLength = planes.length / bytesPerValue
  const readWord = (position: number): number =>
    (planes[position] as number) |
    ((planes[position + planeLength] as number) << 8) |
    ((planes[position + 2 * planeLength] as number) << 16) |
    ((planes[position + 3 * planeLength] as number) << 24)
  let low = 0
  let high = 0
  for (let index = 0; index < series.length; index++) {
    low ^= readWord(start + index)
    high ^= readWord(start + index + 4 * planeLength)
    words[index * 2] = low
    words[index * 2 + 1] = high
  }
}
