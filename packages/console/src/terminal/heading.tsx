import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { formatBytes } from '../page/format/bytes.ts'
import { formatDuration } from '../page/format/durations.ts'
import { formatShare } from '../page/format/numbers.ts'
import { formatClock } from '../page/format/times.ts'
import { Line } from './line.tsx'
import type { PollState } from './poller.ts'
import type { ProcessNumbers } from './snapshot.ts'
import { statusColor } from './table-columns.ts'

interface HeadingProps extends PollState {
  readonly isPaused: boolean
  readonly nowMs: number
}

/** The two lines at the top: the service with its health, and its process or why it does not answer. */
export function Heading({ snapshot, problem, isPaused, nowMs }: HeadingProps): ReactNode {
  if (snapshot === undefined) return <Problem problem={problem} nowMs={nowMs} />
  const { service, serviceVersion, url, health, uptimeSeconds, process, timeMs, alerts } = snapshot
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const pending = alerts.length - firing
  return (
    <Box flexDirection="column" flexShrink={0}>
      <Box height={1} justifyContent="space-between">
        <Text wrap="truncate-end">
          <Text bold>{[service ?? 'process', serviceVersion].filter(Boolean).join(' ')}</Text>
          {'  '}
          <Text color={statusColor(health)} bold>
            {health}
          </Text>
          {uptimeSeconds !== undefined && `  up ${formatDuration(uptimeSeconds)}`}
          {firing > 0 && <Text color="red">{`  ${firing} firing`}</Text>}
          {pending > 0 && <Text color="yellow">{`  ${pending} pending`}</Text>}
          {isPaused && <Text color="yellow">{'  paused'}</Text>}
          <Text dimColor>{`  ${url}`}</Text>
        </Text>
        <Box flexShrink={0} marginLeft={1}>
          <Text dimColor>{formatClock(timeMs)}</Text>
        </Box>
      </Box>
      {problem === undefined ? <Line>{processText(process)}</Line> : <Problem problem={problem} nowMs={nowMs} />}
    </Box>
  )
}

function Problem({ problem, nowMs }: Pick<HeadingProps, 'problem' | 'nowMs'>): ReactNode {
  if (problem === undefined) return <Line>Connecting …</Line>
  const forSeconds = Math.round((nowMs - problem.sinceMs) / 1000)
  const since = forSeconds < 1 ? '' : ` (${formatDuration(forSeconds)}, still trying)`
  return (
    <Line>
      <Text color="red" bold>
        {`No answer since ${formatClock(problem.sinceMs)}${since}: `}
      </Text>
      {problem.message}
    </Line>
  )
}

function processText(numbers: ProcessNumbers): string {
  const { eventLoopDelayP99Seconds, eventLoopUtilization, threadPoolWaitP99Seconds } = numbers
  const { memoryBytes, memoryLimitBytes, heapUsedBytes } = numbers
  const duration = (label: string, seconds: number | undefined): string =>
    seconds === undefined ? '' : `${label} ${formatDuration(seconds)}`
  const limit =
    memoryBytes === undefined || memoryLimitBytes === undefined
      ? ''
      : ` of ${formatBytes(memoryLimitBytes)} (${formatShare(memoryBytes / memoryLimitBytes)})`
  return [
    duration('loop P99', eventLoopDelayP99Seconds),
    duration('pool P99', threadPoolWaitP99Seconds),
    memoryBytes === undefined ? '' : `memory ${formatBytes(memoryBytes)}${limit}`,
    eventLoopUtilization === undefined ? '' : `busy ${formatShare(eventLoopUtilization)}`,
    heapUsedBytes === undefined ? '' : `heap ${formatBytes(heapUsedBytes)}`,
  ]
    .filter((part) => part !== '')
    .join('  ')
}
