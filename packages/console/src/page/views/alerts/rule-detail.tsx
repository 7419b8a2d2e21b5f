import { useEffect, useRef } from 'preact/hooks'
import type { JsonNumber, NotificationRecord, RuleState } from '../../api/types.ts'
import { colorToken } from '../../charts/colors.ts'
import { LineChart } from '../../charts/line-chart.tsx'
import { Card } from '../../components/card.tsx'
import { Icon } from '../../components/icon.tsx'
import { RunbookSection } from '../../components/runbook-section.tsx'
import { alignDown } from '../../data/steps.ts'
import { timeRange } from '../../data/time-range.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { toParameterDuration } from '../../format/durations.ts'
import { formatValue } from '../../format/units.ts'
import { linkTo } from '../../router.ts'
import { ownLabels } from './alert-lanes.ts'
import { describeRule, ruleUnit } from './describe-rule.ts'
import { NotificationTable } from './notification-table.tsx'

/** One rule: when it fires, its values beside its threshold, the runbook, and its notifications. */
export function RuleDetail({
  rule,
  notifications,
  tab,
}: {
  readonly rule: RuleState
  readonly notifications: readonly NotificationRecord[]
  /** The tab that stays when it is closed. */
  readonly tab: string
}) {
  const element = useRef<HTMLElement>(null)
  useEffect(() => element.current?.scrollIntoView({ block: 'nearest' }), [])
  const { name, severity, error, hasMatched, metric } = rule
  const own = notifications.filter((one) => one.rule === name)
  const heading = rule.runbookUrl?.split('#')[1]
  return (
    <section ref={element} class="rule-detail" aria-label={`Rule ${name}`}>
      <Card
        title={name}
        subtitle={`${severity}. ${describeRule(rule)}.`}
        actions={
          <a class="button button-quiet" href={linkTo('alerts', { tab: tab === 'alerts' ? undefined : tab })}>
            <Icon name="close" />
            Close
          </a>
        }
      >
        {error !== undefined && <p class="rule-error">Its last evaluation failed: {error}</p>}
        {!hasMatched && (
          <p class="rule-unmatched">
            No series has matched it since the start: there is no {metric} with these labels. That is a mistake, or nothing of
            what it watches is in use.
          </p>
        )}
        <div class="rule-links">
          <a href={linkTo('explore', { metric })}>Explore {metric}</a>
        </div>
        {heading !== undefined && (
          <details class="rule-runbook">
            <summary>Runbook</summary>
            <RunbookSection heading={heading} />
          </details>
        )}
      </Card>
      {hasMatched && <ValueChart rule={rule} />}
      {own.length > 0 && (
        <Card title="Notifications of this rule">
          <NotificationTable notifications={own} maxHeight={180} isOfOneRule />
        </Card>
      )}
    </section>
  )
}

function ValueChart({ rule }: { readonly rule: RuleState }) {
  const { startMs, endMs, stepMs } = timeRange.value
  const answer = useAnswer(
    `api/v1/rules/${encodeURIComponent(rule.name)}/values`,
    { start: alignDown(startMs, stepMs), end: alignDown(endMs, stepMs), step: toParameterDuration(stepMs) },
    // The end of the range moves with the samples.
    { refresh: 'never' },
  )
  const unit = ruleUnit(rule)
  const { threshold, clearThreshold, direction = 'above', series = [] } = answer.value ?? {}
  const opposite = direction === 'above' ? 'below' : 'above'
  return (
    <LineChart
      title={`Values of ${rule.name}`}
      subtitle="What the rule compares with its threshold."
      unit={unit}
      startMs={startMs}
      endMs={endMs}
      stepMs={stepMs}
      isLoading={answer.isLoading}
      error={answer.error}
      onRetry={answer.reload}
      isWide
      height={220}
      series={series.map(({ labels, points }, index) => ({
        key: JSON.stringify(labels),
        label: Object.values(ownLabels(labels)).join(' ') || 'value',
        color: colorToken(index),
        points: points.filter(isNumeric),
      }))}
      thresholds={[
        ...(threshold === undefined ? [] : [{ value: threshold, label: `fires ${direction} ${formatValue(threshold, unit)}` }]),
        ...(clearThreshold === undefined
          ? []
          : [{ value: clearThreshold, label: `resolves ${opposite} ${formatValue(clearThreshold, unit)}`, color: '--healthy' }]),
      ]}
      empty="The rule has found no values in this range."
    />
  )
}

/** What is not finite cannot be drawn, so it is a gap. */
function isNumeric(point: readonly [number, JsonNumber]): point is [number, number] {
  return typeof point[1] === 'number'
}
