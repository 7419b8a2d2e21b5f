import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { formatShortTime } from '../page/format/times.ts'
import { AlertTitle, alertKey, FindingTitle } from './notices.tsx'
import type { Snapshot } from './snapshot.ts'

interface EntriesProps {
  readonly snapshot: Snapshot
  /** How many entries are scrolled away. */
  readonly scroll: number
}

/** The checks that are not healthy, with all that is known of them. */
export function HealthEntries({ snapshot: { findings, timeMs }, scroll }: EntriesProps): ReactNode {
  if (findings.length === 0) return <Text color="green">All health checks are healthy.</Text>
  return findings.slice(scroll).map((finding) => {
    const { check, store = '', cause, nextSteps, sinceMs, runbookUrl } = finding
    return (
      <Entry key={`${store}\n${check}`}>
        <Text>
          <FindingTitle finding={finding} />
        </Text>
        <Detail title="since">{formatShortTime(sinceMs, timeMs)}</Detail>
        {cause !== undefined && <Detail title="cause">{cause}</Detail>}
        {nextSteps.map((step, index) => (
          <Detail key={step} title={index === 0 ? 'next' : ''}>{`${index + 1}. ${step}`}</Detail>
        ))}
        {runbookUrl !== undefined && <Detail title="runbook">{runbookUrl}</Detail>}
      </Entry>
    )
  })
}

/** The alerts that fire or are pending. */
export function AlertEntries({ snapshot: { alerts, timeMs }, scroll }: EntriesProps): ReactNode {
  if (alerts.length === 0) return <Text color="green">No alert fires or is pending.</Text>
  return alerts.slice(scroll).map((alert) => (
    <Entry key={alertKey(alert)}>
      <Text>
        <AlertTitle alert={alert} nowMs={timeMs} />
      </Text>
      <Detail title="since">{formatShortTime(alert.activeAtMs, timeMs)}</Detail>
    </Entry>
  ))
}

const keys: ReadonlyArray<readonly [keys: string, meaning: string]> = [
  ['↑ ↓  k j', 'select a row, or scroll'],
  ['PgUp PgDn  g G', 'a page, the first, the last'],
  ['Enter →', 'open the store of the row: its operations, engine and events'],
  ['Esc ←', 'back; in a table: remove the filter'],
  ['o', 'stores or operations'],
  ['s', 'sort by the next column'],
  ['r', 'reverse the order'],
  ['/', 'show only rows with this text; Enter keeps it, Esc removes it'],
  ['h', 'health checks that are not healthy'],
  ['a', 'alerts that fire or are pending'],
  ['Space', 'pause, and go on'],
  ['q  Ctrl-C', 'quit'],
]

const columnMeanings: ReadonlyArray<readonly [title: string, meaning: string]> = [
  ['loop P99', 'delay of the event loop; busy: share of the time in which it was active'],
  ['pool P99', 'time that work waited for a thread of the libuv pool'],
  ['/S ERR/S', 'operations and failed operations per second'],
  ['P50 P95 P99', '50, 95 and 99 % of the operations took at most this time'],
  ['MAX', 'upper bound of the histogram bucket with the slowest operation'],
  ['FLIGHT OLDEST', 'operations in flight, and the age of the oldest one'],
  ['ALERTS', 'firing+pending'],
]

/** The keys, and what the columns mean. */
export function HelpEntries({ windowSeconds, scroll }: { readonly windowSeconds: number; readonly scroll: number }): ReactNode {
  const lines = [...keys, ['', `Numbers are of the last ${windowSeconds} s.`] as const, ...columnMeanings]
  return lines.slice(scroll).map(([title, meaning]) => (
    <Box key={meaning} flexShrink={0}>
      <Box width={16} flexShrink={0}>
        <Text bold>{title}</Text>
      </Box>
      <Text>{meaning}</Text>
    </Box>
  ))
}

/** How many entries the help has. */
export const helpEntryCount = keys.length + 1 + columnMeanings.length

function Entry({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <Box flexDirection="column" flexShrink={0} marginBottom={1}>
      {children}
    </Box>
  )
}

function Detail({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <Box>
      <Box width={10} flexShrink={0}>
        <Text dimColor>{`  ${title}`}</Text>
      </Box>
      <Text>{children}</Text>
    </Box>
  )
}
