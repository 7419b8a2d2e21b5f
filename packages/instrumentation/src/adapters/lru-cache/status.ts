/**
 * What the cache writes into the documented option `status` of a call. It also writes key and value there: a status is dropped with
 * its call.
 */
export interface Status {
  readonly fetch?: string
  readonly get?: string
  readonly memo?: string
  readonly set?: string
  readonly returnedStale?: boolean
  readonly fetchAborted?: boolean
  readonly fetchError?: unknown
  readonly maxEntrySizeExceeded?: boolean
}

/** The option of a call that is used here. */
export interface CallOptions {
  readonly status?: Status
}

/** Returns the status that the caller passes, or a new one. */
export function statusIn(options: unknown): Status {
  const status: unknown = (options as CallOptions | null | undefined)?.status
  return typeof status === 'object' && status !== null ? status : {}
}

/** Returns the options with the status: the caller's own object if it has one. */
export function withStatus(options: unknown, status: Status): unknown {
  if ((options as CallOptions | null | undefined)?.status === status) return options
  return { ...(options as CallOptions | null | undefined), status }
}
