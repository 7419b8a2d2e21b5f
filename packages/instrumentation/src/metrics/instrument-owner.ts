/** Why a value was not taken. */
export const rejectReasons = ['negative', 'not_finite', 'undeclared', 'wrong_kind', 'labels'] as const
export type RejectReason = (typeof rejectReasons)[number]

/** What a cell asks of its registry: whether to record at all, and where to say that it refused a value. */
export interface InstrumentOwner {
  readonly enabled: boolean
  reject(metric: string, reason: RejectReason, got: unknown): void
}
