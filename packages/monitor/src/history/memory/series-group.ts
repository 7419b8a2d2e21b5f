/** All series of one store. Memory is divided between groups: a store with very many series shortens its own history only. */
export class SeriesGroup<Series> {
  readonly store: string
  readonly series = new Set<Series>()
  /** Samples, and steps of each tier, before these sequence numbers are released. */
  readonly horizons: number[]
  /** Sequence number of its newest sample; -1 before the first. */
  lastSequence = -1
  /** Blocks of the pool that its series use. */
  blocks = 0
  /** Bytes of the lists of its series, beside the pool. */
  listBytes = 0

  /** @param tiers number of tiers. */
  constructor(store: string, tiers: number) {
    this.store = store
    this.horizons = new Array<number>(tiers + 1).fill(0)
  }
}
