import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Exemplar, Histogram, Labels } from '@wombat/instrumentation'
import { toName } from '../../collection/prometheus-metrics.ts'
import type { PageFamily, PageHistogram, PageSeries, PageWriter } from './page-writer.ts'

// Numbers of fields: io.prometheus.client.MetricFamily of Prometheus' public schema.
const { Varint, Bit64, LengthDelimited } = WireType
const types: Readonly<Record<PageFamily['type'], number>> = { counter: 0, gauge: 1, histogram: 4 }

/** A message is sent as a whole, because its length comes first. A metric with more bytes is divided into several messages. */
const maxMessageBytes = 4 * 2 ** 20
/** Bytes that are collected before they are copied. */
const chunkBytes = 32 * 2 ** 10

const heads = new WeakMap<PageFamily, Uint8Array>()

/** Writes a page as `io.prometheus.client.MetricFamily` messages, each after its length. */
export class ProtobufWriter implements PageWriter {
  readonly #hasNativeHistograms: boolean
  /** Complete messages. */
  #pages: Uint8Array[] = []
  #length = 0
  /** The message that is being written, and how long it is. */
  #message: Uint8Array[] = []
  #messageLength = 0
  #writer = new BinaryWriter()
  /** About how many bytes the writer has. */
  #pending = 0
  #family: PageFamily | undefined

  /** @param hasNativeHistograms whether histograms have their fine buckets, beside the explicit ones. */
  constructor(hasNativeHistograms: boolean) {
    this.#hasNativeHistograms = hasNativeHistograms
  }

  get length(): number {
    return this.#length
  }

  writeTargetInfo(labels: Labels): void {
    this.beginFamily({ name: 'target_info', type: 'gauge', help: 'Target metadata', unit: '' })
    this.writeNumber({ labels, text: undefined, encodedLabels: undefined }, 1, 0)
    this.endFamily()
  }

  beginFamily(family: PageFamily): void {
    this.#family = family
  }

  writeNumber(series: PageSeries, value: number, createdMs: number): void {
    const isCounter = this.#family?.type === 'counter'
    const writer = this.#beginSeries(series)
    writer.tag(isCounter ? 3 : 2, LengthDelimited).fork()
    writer.tag(1, Bit64).double(value)
    if (isCounter) writeTimestamp(writer, 3, createdMs)
    writer.join()
    this.#endSeries(32)
  }

  writeHistogram(series: PageSeries, histogram: PageHistogram, createdMs: number): void {
    const { bounds, cumulative, sum, exemplars, source } = histogram
    const native = this.#hasNativeHistograms && source !== undefined ? readNative(source) : undefined
    const writer = this.#beginSeries(series)
    writer.tag(7, LengthDelimited).fork()
    writer.tag(1, Varint)
    writeCount(writer, native?.count ?? (cumulative[bounds.length] as number))
    writer.tag(2, Bit64).double(sum)
    let next = exemplars[0]
    for (let index = 0, shown = 0; index <= bounds.length; index++) {
      const bound = bounds[index] ?? Number.POSITIVE_INFINITY
      writer.tag(3, LengthDelimited).fork()
      writer.tag(1, Varint)
      writeCount(writer, cumulative[index] as number)
      writer.tag(2, Bit64).double(bound)
      if (next !== undefined && next.value <= bound) {
        writeExemplar(writer, 3, next)
        next = exemplars[++shown]
      }
      writer.join()
    }
    if (native !== undefined) {
      writeNative(writer, native)
      for (const exemplar of exemplars) writeExemplar(writer, 16, exemplar)
    }
    writeTimestamp(writer, 15, createdMs)
    writer.join()
    this.#endSeries(1024)
  }

  endFamily(): void {
    this.#endMessage()
    this.#family = undefined
  }

  end(): void {}

  take(): Uint8Array {
    const bytes = Buffer.concat(this.#pages)
    this.#pages = []
    this.#length = 0
    return bytes
  }

  #beginSeries(series: PageSeries): BinaryWriter {
    series.encodedLabels ??= encodeLabels(series.labels)
    return this.#writer.tag(4, LengthDelimited).fork().raw(toBytes(series.encodedLabels))
  }

  #endSeries(bytes: number): void {
    this.#writer.join()
    this.#pending += bytes
    if (this.#pending < chunkBytes) return
    this.#collect()
    if (this.#messageLength >= maxMessageBytes) this.#endMessage()
  }

  /** Moves what the writer has to the message. */
  #collect(): void {
    const chunk = this.#writer.finish()
    this.#pending = 0
    if (chunk.length === 0) return
    this.#message.push(chunk)
    this.#messageLength += chunk.length
  }

  #endMessage(): void {
    this.#collect()
    const family = this.#family
    if (family === undefined || this.#messageLength === 0) return
    const head = headOf(family)
    const length = new BinaryWriter().uint32(head.length + this.#messageLength).finish()
    this.#pages.push(length, head, ...this.#message)
    this.#length += length.length + head.length + this.#messageLength
    this.#message = []
    this.#messageLength = 0
  }
}

function headOf(family: PageFamily): Uint8Array {
  let head = heads.get(family)
  if (head === undefined) {
    const { name, help, type } = family
    // Without a unit: Prometheus rejects one that is not the end of the name, and does not use it otherwise.
    head = new BinaryWriter()
      .tag(1, LengthDelimited)
      .string(name)
      .tag(2, LengthDelimited)
      .string(help)
      .tag(3, Varint)
      .uint32(types[type])
      .finish()
    heads.set(family, head)
  }
  return head
}

/** Returns the labels of a series with one character for each byte. */
function encodeLabels(labels: Labels): string {
  const writer = new BinaryWriter()
  for (const [name, value] of Object.entries(labels)) writeLabel(writer, toName(name), value)
  return Buffer.from(writer.finish()).toString('latin1')
}

let labelBytes = new Uint8Array(1024)

/** Returns the bytes of encoded labels. Valid until the next call. */
function toBytes(encoded: string): Uint8Array {
  const { length } = encoded
  if (length > labelBytes.length) labelBytes = new Uint8Array(2 * length)
  for (let index = 0; index < length; index++) labelBytes[index] = encoded.charCodeAt(index)
  return labelBytes.subarray(0, length)
}

function writeLabel(writer: BinaryWriter, name: string, value: string): void {
  writer.tag(1, LengthDelimited).fork()
  writer.tag(1, LengthDelimited).string(name)
  writer.tag(2, LengthDelimited).string(value)
  writer.join()
}

function writeExemplar(writer: BinaryWriter, field: number, { value, timeMs, traceId, spanId }: Exemplar): void {
  writer.tag(field, LengthDelimited).fork()
  writeLabel(writer, 'trace_id', traceId)
  writeLabel(writer, 'span_id', spanId)
  writer.tag(2, Bit64).double(value)
  writeTimestamp(writer, 3, timeMs)
  writer.join()
}

function writeTimestamp(writer: BinaryWriter, field: number, timeMs: number): void {
  const seconds = Math.floor(timeMs / 1000)
  writer.tag(field, LengthDelimited).fork()
  writer.tag(1, Varint)
  writeCount(writer, seconds)
  writer.tag(2, Varint).uint32(Math.round((timeMs - seconds * 1000) * 1e6))
  writer.join()
}

/** Writes a uint64. */
function writeCount(writer: BinaryWriter, count: number): void {
  // The library converts 64-bit integers to BigInt; the bytes of a small one are those of a 32-bit integer.
  if (count <= 0xffff_ffff) writer.uint32(count)
  else writer.uint64(BigInt(count))
}

/** The buckets of a native histogram. */
interface NativeHistogram {
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  /** Buckets next to each other, after a gap to those before them. */
  readonly spans: ReadonlyArray<{ readonly gap: number; readonly length: number }>
  /** The count of each bucket minus that of the one before it, encoded. Valid until the next histogram is read. */
  readonly deltas: Uint8Array
}

/** Prometheus' number for a resolution of 16 buckets for each factor of 2, which is that of the fine buckets. */
const schema = 4
/** Empty buckets that are written as such: a new span takes as many bytes. */
const maxGap = 2

// Shared by all histograms: each one is written before the next one is read.
let fineCounts = new Float64Array(1024)
let deltaBytes = new Uint8Array(1024)

/**
 * Reads the fine buckets of a histogram as those of a native one: `HistogramSnapshot.exponential` without copies. The count is the sum of
 * the buckets: Prometheus rejects the page otherwise.
 */
function readNative(source: Histogram): NativeHistogram {
  const { exponentialBucketOfFineBucket: bucketOf, edges } = source.buckets
  const fineCount = bucketOf.length
  if (fineCounts.length < source.numberCount) fineCounts = new Float64Array(2 * source.numberCount)
  // A delta has 8 bytes at most, and each span adds some buckets that are empty.
  const maxBytes = 8 * (maxGap + 1) * fineCount
  if (deltaBytes.length < maxBytes) deltaBytes = new Uint8Array(maxBytes)
  source.copyNumbers(fineCounts, 0)
  const zeroCount = fineCounts[0] as number
  const spans: Array<{ readonly gap: number; length: number }> = []
  let span: { readonly gap: number; length: number } | undefined
  let count = zeroCount
  let bytes = 0
  let end = 0
  let last = 0
  for (let index = 1; index < fineCount; ) {
    const bucket = bucketOf[index] as number
    let own = 0
    // An explicit bound divides a bucket into two fine ones.
    for (; index < fineCount && bucketOf[index] === bucket; index++) own += fineCounts[index] as number
    if (own === 0) continue
    // Prometheus numbers a bucket by its upper boundary, OpenTelemetry by its lower one.
    const gap = bucket + 1 - end
    if (span !== undefined && gap <= maxGap) {
      for (let empty = 0; empty < gap; empty++) {
        bytes = writeDelta(bytes, -last)
        last = 0
      }
      span.length += gap + 1
    } else {
      span = { gap, length: 1 }
      spans.push(span)
    }
    bytes = writeDelta(bytes, own - last)
    last = own
    count += own
    end = bucket + 2
  }
  // A span without buckets, as Go's client writes it: it tells a native histogram without values from a classic one.
  if (spans.length === 0) spans.push({ gap: 0, length: 0 })
  return { zeroThreshold: edges[1] as number, zeroCount, count, spans, deltas: deltaBytes.subarray(0, bytes) }
}

/** Writes a sint64. The library takes ten times as long, and there are hundreds in each histogram. Returns the next position. */
function writeDelta(position: number, delta: number): number {
  let next = position
  let rest = delta < 0 ? -2 * delta - 1 : 2 * delta
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) deltaBytes[next++] = (rest % 128) | 0x80
  for (; rest > 0x7f; rest >>>= 7) deltaBytes[next++] = (rest & 0x7f) | 0x80
  deltaBytes[next++] = rest
  return next
}

function writeNative(writer: BinaryWriter, { zeroThreshold, zeroCount, spans, deltas }: NativeHistogram): void {
  writer.tag(5, Varint).sint32(schema)
  writer.tag(6, Bit64).double(zeroThreshold)
  writer.tag(7, Varint)
  writeCount(writer, zeroCount)
  for (const { gap, length } of spans) {
    writer.tag(12, LengthDelimited).fork()
    writer.tag(1, Varint).sint32(gap)
    writer.tag(2, Varint).uint32(length)
    writer.join()
  }
  if (deltas.length > 0) writer.tag(13, LengthDelimited).bytes(deltas)
}
