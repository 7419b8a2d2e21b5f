import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { formatDuration } from '../page/format/durations.ts'
import { Line } from './line.tsx'
import type { AlertSnapshot, Finding, Snapshot } from './snapshot.ts'
import { statusColor } from './table-columns.ts'

/** How many lines all findings and alerts take. */
export function countNoticeLines({ findings, alerts }: Pick<Snapshot, 'findings' | 'alerts'>): number {
  return (
    findings.reduce((count, { cause, nextSteps }) => count + 1 + Number(cause !== undefined) + Math.min(1, nextSteps.length), 0) +
    alerts.length
  )
}

interface NoticesProps {
  readonly findings: readonly Finding[]
  readonly alerts: readonly AlertSnapshot[]
  readonly nowMs: number
  /** How many lines there are; default: as many as it takes. */
  readonly lineCount?: number
}

/** The checks that are not healthy, each with its cause and the first step, and the alerts. What does not fit is counted. */
export function Notices({ findings, alerts, nowMs, lineCount }: NoticesProps): ReactNode {
  const lines = [...findings.flatMap((finding) => findingLines(finding)), ...alerts.map((alert) => alertLine(alert, nowMs))]
  const isCut = lineCount !== undefined && lines.length > lineCount
  const shown = isCut ? lines.slice(0, Math.max(0, lineCount - 1)) : lines
  return (
    <Box flexDirection="column" flexShrink={0}>
      {shown}
      {isCut && lineCount > 0 && (
        <Line>
          <Text dimColor>{`${lines.length - shown.length} more lines: h health, a alerts`}</Text>
        </Line>
      )}
    </Box>
  )
}

function findingLines(finding: Finding): ReactNode[] {
  const { check, store = '', cause, nextSteps } = finding
  const key = `${store}\n${check}`
  const [nextStep] = nextSteps
  return [
    <Line key={key}>
      <FindingTitle finding={finding} />
    </Line>,
    cause !== undefined && <Line key={`${key}\ncause`}>{`  cause: ${cause}`}</Line>,
    nextStep !== undefined && <Line key={`${key}\nnext`}>{`  next:  ${nextStep}`}</Line>,
  ].filter(Boolean)
}

/** The status of a finding, what it is about, and its message. */
export function FindingTitle({ finding: { status, check, store, message } }: { readonly finding: Finding }): ReactNode {
  return (
    <>
      <Text color={statusColor(status)} bold>
        {status}
      </Text>
      <Text bold>{` ${[store, check].filter(Boolean).join(' ')}`}</Text>
      {`: ${message}`}
    </>
  )
}

function alertLine(alert: AlertSnapshot, nowMs: number): ReactNode {
  return (
    <Line key={alertKey(alert)}>
      <AlertTitle alert={alert} nowMs={nowMs} />
    </Line>
  )
}

/** The state of an alert, its name, and for how long it has been active. */
export function AlertTitle({ alert, nowMs }: { readonly alert: AlertSnapshot; readonly nowMs: number }): ReactNode {
  const { state, alert: name, severity, store, activeAtMs, summary } = alert
  return (
    <>
      <Text color={state === 'firing' ? 'red' : 'yellow'} bold>
        {state}
      </Text>
      <Text bold>{` ${[store, name].filter(Boolean).join(' ')}`}</Text>
      {` ${severity} for ${formatDuration(Math.max(0, Math.round((nowMs - activeAtMs) / 1000)))}`}
      {summary !== undefined && `: ${summary}`}
    </>
  )
}

/** Returns what an alert differs in from all others. */
export function alertKey({ alert, store = '', activeAtMs, summary = '' }: AlertSnapshot): string {
  return `${alert}\n${store}\n${activeAtMs}\n${summary}`
}
