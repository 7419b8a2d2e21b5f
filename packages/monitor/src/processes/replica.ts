import type { MetricDefinition } from '@wombat/instrumentation'
import type { MessageHandler } from './peer.ts'
import type { ReplicatedFrame, StoredText } from './protocol.ts'
import { type FrameHead, SeriesTable, type TableRow } from './series-table.ts'

interface ReplicatedWorker {
  readonly table: SeriesTable<undefined>
  readonly slot: string
}

const ignore = (): undefined => undefined

/**
 * What the process that collects knows of all processes, kept by another one: if the first ends, that one continues with the same sums, and
 * no counter goes back.
 */
export class Replica {
  /** Whether everything has arrived since it was started. */
  isComplete = false
  /** Which process that collects it copies: later ones have higher numbers. */
  readonly generation: number
  /** The alerts and owed notifications, by the name under which they are stored. */
  readonly stored = new Map<string, string>()
  readonly #workers = new Map<string, ReplicatedWorker>()
  readonly #metrics = new Map<string, MetricDefinition>()

  constructor(generation: number) {
    this.generation = generation
  }

  /** The metrics that are not in the catalog. */
  get declaredMetrics(): readonly MetricDefinition[] {
    return [...this.#metrics.values()]
  }

  get workers(): readonly string[] {
    return [...this.#workers.keys()]
  }

  slotOf(worker: string): string | undefined {
    return this.#workers.get(worker)?.slot
  }

  /** Returns the series of a process with their last values, and their numbers in its frames. */
  rowsOf(worker: string): Iterable<TableRow<unknown>> {
    return this.#workers.get(worker)?.table.rows() ?? []
  }

  /** Reads a frame that the process that collects has read. */
  read(worker: string, slot: string, head: FrameHead, numbers: Float64Array): void {
    let known = this.#workers.get(worker)
    if (known === undefined) {
      const onMetric = (definition: MetricDefinition): void => void this.#metrics.set(definition.name, definition)
      const table = new SeriesTable<undefined>({
        onMetric,
        onSeries: ignore,
        onCounter: ignore,
        onGauge: ignore,
        onHistogram: ignore,
        onExemplar: ignore,
        onForget: ignore,
      })
      known = { table, slot }
      this.#workers.set(worker, known)
    }
    known.table.read(head, numbers)
  }

  endRestart(worker: string): void {
    this.#workers.get(worker)?.table.endRestart()
  }

  /** Removes a process that has ended; its counters are among those of the ended ones already. */
  end(worker: string): void {
    this.#workers.delete(worker)
  }
}

/** Returns the handlers of the messages that `sendReplica` sends. While there is no replica, they do nothing. */
export function replicaHandlers(current: () => Replica | undefined): Readonly<Record<string, MessageHandler>> {
  return {
    'replica-frame': (body, numbers = new Float64Array(0)) => {
      const { worker, slot, ...head } = body as ReplicatedFrame
      current()?.read(worker, slot, head, numbers)
    },
    'replica-stored': (body) => {
      const { name, value } = body as StoredText
      current()?.stored.set(name, value)
    },
  }
}
