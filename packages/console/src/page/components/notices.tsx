import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api/client.ts'

/** What stands in the place of nothing: why there is nothing, and what to do. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>
}

/** What failed, with a button to try again. Nothing for what needs no word: a canceled request, or a sign-in that the page asks for. */
export function ErrorNotice({
  error,
  what,
  onRetry,
}: {
  readonly error: ApiError
  /** What could not be read, for example `the alerts`. */
  readonly what: string
  readonly onRetry?: (() => void) | undefined
}) {
  if (error.kind === 'aborted' || error.kind === 'signed_out') return null
  return (
    <div class="notice notice-error" role="alert">
      <p>
        Could not read {what}: {error.message}
      </p>
      {onRetry !== undefined && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** A gray block of the size of what is coming. `height` in pixels. */
export function Skeleton({ height = 20 }: { readonly height?: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} aria-hidden="true" />
}

/** Draws what an answer holds, or its skeleton, or why there is none. An old answer stays beside the error of a newer one. */
export function Answered<Value>({
  answer,
  what,
  height = 120,
  children,
}: {
  readonly answer: {
    readonly value: Value | undefined
    readonly isLoading: boolean
    readonly error?: ApiError
    readonly reload: () => void
  }
  readonly what: string
  /** Of the skeleton, in pixels. */
  readonly height?: number
  readonly children: (value: Value) => ComponentChildren
}) {
  return (
    <>
      {answer.error !== undefined && <ErrorNotice error={answer.error} what={what} onRetry={answer.reload} />}
      {answer.value !== undefined ? children(answer.value) : answer.isLoading && <Skeleton height={height} />}
    </>
  )
}
