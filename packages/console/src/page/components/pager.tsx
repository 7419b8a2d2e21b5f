import { formatCount } from '../format/numbers.ts'
import { Icon } from './icon.tsx'

/** Which entries of a long list are shown, with buttons for those before and after. Nothing if all are shown. */
export function Pager({
  what,
  offset,
  pageSize,
  total,
  onChange,
}: {
  /** What is listed, for example `errors`. */
  readonly what: string
  readonly offset: number
  readonly pageSize: number
  readonly total: number
  readonly onChange: (offset: number) => void
}) {
  if (total <= pageSize && offset === 0) return null
  // The list may have become shorter than when the address was made.
  const lastOffset = Math.max(0, Math.ceil(total / pageSize) - 1) * pageSize
  const first = Math.min(offset + 1, total)
  const text =
    offset >= total
      ? `Behind the last of ${formatCount(total)}`
      : `${formatCount(first)}–${formatCount(Math.min(offset + pageSize, total))} of ${formatCount(total)}`
  return (
    <nav class="toolbar pager" aria-label={`Pages of ${what}`}>
      <button
        type="button"
        class="button"
        disabled={offset === 0}
        onClick={() => onChange(Math.max(0, Math.min(offset - pageSize, lastOffset)))}
      >
        <Icon name="previous" />
        Previous
      </button>
      <output>{text}</output>
      <button type="button" class="button" disabled={offset + pageSize >= total} onClick={() => onChange(offset + pageSize)}>
        Next
        <Icon name="next" />
      </button>
    </nav>
  )
}
