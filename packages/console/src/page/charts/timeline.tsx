import { type Signal, useSignal } from '@preact/signals'
import { Empty } from '../components/notices.tsx'
import { formatDuration } from '../format/durations.ts'
import { formatFullTime, formatTimeTick } from '../format/times.ts'
import { cursorMs } from './cursor.ts'

export interface TimelineInterval {
  readonly key: string
  readonly startMs: number
  /** Absent while it lasts. */
  readonly endMs?: number | undefined
  readonly title: string
  /** A token. */
  readonly color: string
  /** Hatched, for what is not so sure or not so bad, for example a pending alert. */
  readonly isLight?: boolean | undefined
  /** The height as a share of the lane, for a size. Default: all of it. */
  readonly height?: number | undefined
  /** Where a click leads. */
  readonly href?: string | undefined
}

export interface TimelineLane {
  readonly key: string
  readonly label: string
  readonly href?: string | undefined
  readonly intervals: readonly TimelineInterval[]
}

const tickSteps = [60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800]

/** Intervals over time, one lane below the other. */
export function Timeline({
  label,
  lanes,
  startMs,
  endMs,
  empty = 'Nothing in this range.',
}: {
  /** What it shows, for those who cannot see it. */
  readonly label: string
  readonly lanes: readonly TimelineLane[]
  readonly startMs: number
  readonly endMs: number
  readonly empty?: string | undefined
}) {
  const pointed = useSignal<string | undefined>(undefined)
  if (lanes.length === 0) return <Empty>{empty}</Empty>
  const spanMs = endMs - startMs
  const percent = (timeMs: number): number => ((timeMs - startMs) / spanMs) * 100
  const stepSeconds = tickSteps.find((step) => spanMs / (step * 1000) <= 8) ?? 86_400 * Math.ceil(spanMs / 86_400_000 / 8)
  const offsetMs = new Date(startMs).getTimezoneOffset() * 60_000
  const firstMs = Math.ceil((startMs - offsetMs) / (stepSeconds * 1000)) * stepSeconds * 1000 + offsetMs
  const ticks = Array.from(
    { length: Math.max(0, Math.floor((endMs - firstMs) / (stepSeconds * 1000)) + 1) },
    (_, index) => firstMs + index * stepSeconds * 1000,
  )
  return (
    <section class="timeline" aria-label={label}>
      <ul>
        {lanes.map((lane) => (
          <li key={lane.key} class="timeline-lane">
            <span class="timeline-label" title={lane.label}>
              {lane.href === undefined ? lane.label : <a href={lane.href}>{lane.label}</a>}
            </span>
            <span class="timeline-track">
              {lane.intervals
                .filter((one) => one.startMs <= endMs && (one.endMs ?? endMs) >= startMs)
                .map((one) => (
                  <Interval
                    key={one.key}
                    interval={one}
                    left={Math.max(0, percent(one.startMs))}
                    right={Math.min(100, percent(one.endMs ?? endMs))}
                    pointed={pointed}
                  />
                ))}
              <TimelineCursor startMs={startMs} endMs={endMs} />
            </span>
          </li>
        ))}
      </ul>
      <div class="timeline-lane timeline-axis" aria-hidden="true">
        <span class="timeline-label" />
        <span class="timeline-track">
          {ticks.map((timeMs) => (
            <span
              key={timeMs}
              class={`timeline-tick${percent(timeMs) < 3 ? ' timeline-tick-first' : percent(timeMs) > 97 ? ' timeline-tick-last' : ''}`}
              style={{ left: `${percent(timeMs)}%` }}
            >
              {formatTimeTick(timeMs, stepSeconds)}
            </span>
          ))}
        </span>
      </div>
      <PointedText text={pointed} />
    </section>
  )
}

/** What the interval under the pointer is. */
function PointedText({ text }: { readonly text: Signal<string | undefined> }) {
  return (
    <p class="timeline-text" aria-hidden="true">
      {text.value ?? <span class="muted">Point at an interval to read it.</span>}
    </p>
  )
}

function Interval({
  interval,
  left,
  right,
  pointed,
}: {
  readonly interval: TimelineInterval
  readonly left: number
  readonly right: number
  /** Holds what is under the pointer, in words. */
  readonly pointed: Signal<string | undefined>
}) {
  const { startMs, endMs, title, color, isLight, height = 1, href } = interval
  const lasted = endMs === undefined ? 'still going on' : endMs > startMs ? formatDuration((endMs - startMs) / 1000) : undefined
  const text = [title, formatFullTime(startMs), lasted].filter((part) => part !== undefined).join(', ')
  const point = (): void => {
    pointed.value = text
  }
  const leave = (): void => {
    pointed.value = undefined
  }
  const properties = {
    class: `timeline-interval${isLight ? ' timeline-light' : ''}`,
    style: {
      left: `${left}%`,
      width: `${Math.max(0, right - left)}%`,
      height: `${Math.round(height * 80)}%`,
      color: `var(${color})`,
    },
    title: text,
    onMouseEnter: point,
    onMouseLeave: leave,
    onFocus: point,
    onBlur: leave,
  }
  if (href === undefined) return <span {...properties} role="img" aria-label={text} />
  return (
    <a {...properties} href={href}>
      <span class="visually-hidden">{text}</span>
    </a>
  )
}

function TimelineCursor({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }) {
  const timeMs = cursorMs.value
  if (timeMs === undefined || timeMs < startMs || timeMs > endMs) return null
  return <span class="timeline-cursor" style={{ left: `${((timeMs - startMs) / (endMs - startMs)) * 100}%` }} />
}
