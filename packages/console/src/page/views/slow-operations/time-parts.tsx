import type { SlowOperation } from '../../api/types.ts'
import { formatDuration } from '../../format/durations.ts'
import { splitDuration, timeParts } from './slow-causes.ts'

/** Where the time of an operation went: a bar, and words that say the same. */
export function TimeParts({ operation }: { readonly operation: SlowOperation }) {
  const parts = splitDuration(operation)
  return (
    <div class="time-parts">
      <div class="bar-track" aria-hidden="true">
        {timeParts.map(({ cause, color }) => {
          const seconds = parts.find((part) => part.cause === cause)?.seconds
          if (seconds === undefined) return null
          const percent = (seconds / operation.durationSeconds) * 100
          return <span key={cause} style={{ width: `${percent}%`, background: `var(${color})` }} />
        })}
      </div>
      <p>
        {parts.map(({ cause, label, seconds }, index) => (
          <span key={cause} class={index === 0 ? 'time-cause' : 'muted'}>
            {label} {formatDuration(seconds)}
          </span>
        ))}
      </p>
    </div>
  )
}

/** What the colors of the bars mean. */
export function TimePartsLegend() {
  return (
    <ul class="time-legend" aria-label="Parts of a duration">
      {timeParts.map(({ cause, label, description, color }) => (
        <li key={cause}>
          <span class="swatch" style={{ background: `var(${color})` }} />
          <span>
            <b>{label}</b> <span class="muted">{description}</span>
          </span>
        </li>
      ))}
    </ul>
  )
}
