import type { ApiError } from '../../api/client.ts'
import { ErrorNotice } from '../../components/notices.tsx'

/** Whether the server does not take the query: what was shown before has nothing to do with it. */
export function isRefused(error: ApiError | undefined): boolean {
  return error?.status === 400
}

/** What the server says about a query that it does not take, and a button for the metric that it names instead. */
export function QueryProblem({
  error,
  onRetry,
  onMetric,
}: {
  readonly error: ApiError | undefined
  readonly onRetry: () => void
  readonly onMetric: (name: string) => void
}) {
  if (error === undefined) return null
  if (!isRefused(error)) return <ErrorNotice error={error} what="the series" onRetry={onRetry} />
  const [, nearest] = /^there is no metric .*did you mean ([\w:.]+)\?/.exec(error.message) ?? []
  return (
    <div class="notice notice-error" role="alert">
      <p>{error.message}</p>
      {nearest !== undefined && (
        <button type="button" class="button" onClick={() => onMetric(nearest)}>
          Show {nearest}
        </button>
      )}
    </div>
  )
}
