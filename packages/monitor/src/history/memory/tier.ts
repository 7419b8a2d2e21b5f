import type { Statistic } from '../history.ts'
import { Downsampler } from './downsampler.ts'
import { type Column, RingBuffer } from './ring-buffer.ts'

/** One resolution of a history. Each step that has a sample is stored at the time of its last sample. */
export class Tier {
  readonly stepMs: number
  readonly ring: RingBuffer
  readonly #downsamplers = new Map<object, Downsampler>()
  #currentStep: number | undefined
  #lastMs = 0

  constructor(stepMs: number, capacity: number) {
    this.stepMs = stepMs
    this.ring = new RingBuffer(capacity)
  }

  get bytes(): number {
    let bytes = this.ring.capacity * 8
    for (const downsampler of this.#downsamplers.values()) bytes += downsampler.bytes
    return bytes
  }

  /** Starts a sample; flushes the previous step if it has ended. */
  startSample(timeMs: number): void {
    const step = Math.floor(timeMs / this.stepMs)
    if (this.#currentStep !== undefined && step !== this.#currentStep) {
      const sequence = this.ring.push(this.#lastMs)
      for (const downsampler of this.#downsamplers.values()) downsampler.flush(sequence)
    }
    this.#currentStep = step
    this.#lastMs = timeMs
  }

  /** Adds the value of one series to the current sample. */
  add(key: object, isCounter: boolean, value: number): void {
    let downsampler = this.#downsamplers.get(key)
    if (downsampler === undefined) {
      downsampler = new Downsampler(this.ring.capacity, isCounter)
      this.#downsamplers.set(key, downsampler)
    }
    downsampler.add(value)
  }

  /** Returns one statistic of a series; undefined if it is not stored. */
  column(key: object, statistic: Statistic): Column | undefined {
    return this.#downsamplers.get(key)?.columns[statistic]
  }

  /** Removes a series. */
  delete(key: object): void {
    this.#downsamplers.delete(key)
  }
}
