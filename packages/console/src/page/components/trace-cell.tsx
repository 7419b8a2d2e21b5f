import { traceLink } from '../data/trace-link.ts'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'

/** The trace of an operation: a link to the reader's tracing system, if the page knows its address, and the ID to copy. */
export function TraceCell({ traceId, spanId }: { readonly traceId?: string | undefined; readonly spanId?: string | undefined }) {
  if (traceId === undefined) return null
  const href = traceLink(traceId, spanId)
  const short = <code title={traceId}>{traceId.slice(0, 8)}…</code>
  return (
    <span class="trace">
      {href === undefined ? (
        short
      ) : (
        <a href={href} target="_blank" rel="noreferrer" aria-label={`Trace ${traceId}, in a new tab`}>
          {short}
          <Icon name="external" />
        </a>
      )}
      <CopyButton text={traceId} label="Copy" />
    </span>
  )
}
