import type { AlertStorage } from '../alerts/scheduler.ts'
import { TimeSlices } from '../time/time-slices.ts'
import type { Aggregate, EndedChange } from './aggregate.ts'
import type { Peer } from './peer.ts'
import type { ReplicatedFrame } from './protocol.ts'
import type { FrameHead, TableRow } from './series-table.ts'
import { tableFrames } from './table-frames.ts'

/** Keeps a copy of the sums in another process, which continues with them if this one ends. */
export class Replication {
  readonly #aggregate: Aggregate
  readonly #generation: number
  readonly #stored = new Map<string, string>()
  #peer: Peer | undefined

  constructor(aggregate: Aggregate, generation: number) {
    this.#aggregate = aggregate
    this.#generation = generation
  }

  /** Whether the connection leads to the process with the copy. */
  isWith(peer: Peer): boolean {
    return this.#peer === peer
  }

  get isRunning(): boolean {
    return this.#peer !== undefined
  }

  /** Sends everything to a process, and from now on every change. */
  async start(peer: Peer): Promise<void> {
    this.#peer = peer
    peer.tell('replica-start', this.#generation)
    await sendReplica(this.#aggregate, this.#stored, peer, () => this.#peer === peer)
    if (this.#peer === peer) peer.tell('replica-complete')
  }

  stop(): void {
    this.#peer = undefined
  }

  /** Passes on a frame that was read. */
  frame(worker: string, head: FrameHead, numbers: Float64Array): void {
    const slot = this.#aggregate.slotOf(worker)
    if (this.#peer !== undefined && slot !== undefined) tellFrame(this.#peer, worker, slot, head, numbers)
  }

  /** Passes on what stores that were forgotten change in the series of ended processes. */
  changeEnded(endedWorker: string, { forgotten, grown }: EndedChange): void {
    if (this.#peer === undefined) return
    if (forgotten.length > 0) tellFrame(this.#peer, endedWorker, '', { series: [], metrics: [], forgotten }, new Float64Array(0))
    for (const { numbers, ...head } of tableFrames(grown)) tellFrame(this.#peer, endedWorker, '', head, numbers)
  }

  endRestart(worker: string): void {
    this.#peer?.tell('replica-restarted', worker)
  }

  /** Passes on that a process has ended, after the series of the ended ones that grew by it. */
  end(worker: string, endedWorker: string, grown: ReadonlyArray<TableRow<unknown>>): void {
    if (this.#peer === undefined) return
    for (const { numbers, ...head } of tableFrames(grown)) tellFrame(this.#peer, endedWorker, '', head, numbers)
    this.#peer.tell('replica-end', worker)
  }

  /** Keeps a text that the next process that collects needs, such as the alerts. */
  store(name: string, value: string): void {
    this.#stored.set(name, value)
    this.#peer?.tell('replica-stored', { name, value })
  }

  /** Keeps the alerts and the owed notifications with the copy. */
  get storage(): AlertStorage {
    return {
      metadata: (name) => this.#stored.get(name),
      setMetadata: (name, value) => {
        this.store(name, value)
        return true
      },
      lastSampleMs: () => undefined,
    }
  }
}

/** What a replica is copied from: the sums themselves, or another replica. */
export interface ReplicaSource {
  readonly workers: readonly string[]
  readonly declaredMetrics: FrameHead['metrics']
  slotOf(worker: string): string | undefined
  rowsOf(worker: string): Iterable<TableRow<unknown>>
}

/** Sends the sums and stored texts to another process, in slices. */
export async function sendReplica(
  source: ReplicaSource,
  stored: ReadonlyMap<string, string>,
  peer: Peer,
  isWanted: () => boolean = () => true,
): Promise<void> {
  const slices = new TimeSlices()
  for (const [name, value] of stored) peer.tell('replica-stored', { name, value })
  let metrics = source.declaredMetrics
  for (const worker of source.workers) {
    for (const { numbers, ...head } of tableFrames(source.rowsOf(worker))) {
      if (!isWanted()) return
      tellFrame(peer, worker, source.slotOf(worker) ?? '', { ...head, metrics }, numbers)
      metrics = []
      await slices.yieldIfDue()
    }
  }
}

function tellFrame(peer: Peer, worker: string, slot: string, head: FrameHead, numbers: Float64Array): void {
  // A port takes the memory of the numbers away.
  peer.tell('replica-frame', { ...head, worker, slot } satisfies ReplicatedFrame, numbers.slice())
}
