import type { Peer } from './peer.ts'
import type { Hello } from './protocol.ts'
import { Replica, replicaHandlers } from './replica.ts'

/** How long to wait for a replica. */
const replicaTimeoutMs = 10_000

/** The replica that the process that collects gets from another one when it takes over. */
export class IncomingReplica {
  readonly #offers = new Map<Peer, number>()
  #replica: Replica | undefined
  #onOffer: () => void = () => {}

  readonly handlers = replicaHandlers(() => this.#replica)

  offer({ replicaGeneration }: Hello, peer: Peer): void {
    if (replicaGeneration === 0) return
    this.#offers.set(peer, replicaGeneration)
    this.#onOffer()
  }

  /** Resolves to the newest replica that another process has; to undefined if none has one. */
  async receive(timeoutMs: number): Promise<Replica | undefined> {
    if (this.#offers.size === 0) {
      await Promise.race([
        new Promise<void>((resolve) => {
          setTimeout(resolve, timeoutMs).unref()
        }),
        new Promise<void>((resolve) => {
          this.#onOffer = resolve
        }),
      ])
    }
    const [newest] = [...this.#offers].sort(([, one], [, other]) => other - one)
    if (newest === undefined) return undefined
    const [peer, generation] = newest
    this.#replica = new Replica(generation)
    try {
      await peer.ask('replica-send', undefined, replicaTimeoutMs)
      return this.#replica
    } catch {
      // Counters start at 0 then, which is reported.
      return undefined
    }
  }
}
