import type { AlertState, RuleState } from '../../api/types.ts'
import { ChangeButton } from '../../components/change-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { Status } from '../../components/status.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { formatClock } from '../../format/times.ts'
import { formatValue } from '../../format/units.ts'
import { linkTo } from '../../router.ts'
import { alertKey, ownLabels } from './alert-lanes.ts'
import { ruleUnit } from './describe-rule.ts'

const severityStatuses = { emergency: 'critical', critical: 'critical', warning: 'degraded', info: 'unknown' } as const

/** The alerts that fire, are pending, or were resolved lately. */
export function AlertList({
  alerts,
  rules,
  chosen,
  onSilence,
}: {
  readonly alerts: readonly AlertState[]
  readonly rules: ReadonlyMap<string, RuleState>
  /** The rule that is shown. */
  readonly chosen: string | undefined
  readonly onSilence: (alert: AlertState) => void
}) {
  return (
    <ul class="alert-list">
      {alerts.map((alert) => (
        <AlertRow
          key={alertKey(alert)}
          alert={alert}
          rule={rules.get(alert.rule)}
          isChosen={alert.rule === chosen}
          onSilence={() => onSilence(alert)}
        />
      ))}
    </ul>
  )
}

function AlertRow({
  alert,
  rule,
  isChosen,
  onSilence,
}: {
  readonly alert: AlertState
  readonly rule: RuleState | undefined
  readonly isChosen: boolean
  readonly onSilence: () => void
}) {
  const { rule: name, labels, annotations, state, value, silencedUntilMs } = alert
  const severity = labels['severity'] ?? 'warning'
  const status = severityStatuses[severity as keyof typeof severityStatuses] ?? 'degraded'
  const shown = ownLabels(labels)
  return (
    <li class={`alert alert-${state.name} alert-${status}${isChosen ? ' alert-chosen' : ''}`}>
      <div class="alert-head">
        <Status
          status={state.name === 'resolved' ? 'healthy' : status}
          word={`${state.name === 'resolved' ? '' : `${severity}, `}${state.name}`}
          isBadge
        />
        <h3>
          <a href={linkTo('alerts', { rule: name })} aria-current={isChosen ? 'true' : undefined}>
            {name}
          </a>
        </h3>
        {Object.entries(shown).map(([label, one]) => (
          <span key={label} class="alert-label">
            {label} <b>{label === 'store' ? <a href={linkTo('operations', { store: one })}>{one}</a> : one}</b>
          </span>
        ))}
        {state.name !== 'resolved' && (
          <ChangeButton
            class="button button-quiet alert-silence"
            title="Withhold its notifications for a time"
            onClick={onSilence}
          >
            <Icon name="silence" />
            Silence
          </ChangeButton>
        )}
      </div>
      <p>{annotations['summary'] ?? annotations['description'] ?? ''}</p>
      <p class="alert-times muted">
        <Times state={state} durationMs={rule?.durationMs} />
        {typeof value === 'number' && rule?.threshold !== undefined && (
          <span>
            value <b>{formatValue(value, ruleUnit(rule))}</b>, threshold {formatValue(rule.threshold, ruleUnit(rule))}
          </span>
        )}
        {alert.isNoData && <span>there is no data</span>}
        {silencedUntilMs !== undefined && <span class="alert-silenced">silenced until {formatClock(silencedUntilMs)}</span>}
      </p>
    </li>
  )
}

function Times({ state, durationMs = 0 }: { readonly state: AlertState['state']; readonly durationMs: number | undefined }) {
  const { name, activeAtMs, firedAtMs, resolvedAtMs, keepFiringSinceMs } = state
  if (name === 'resolved') {
    return (
      <span>
        resolved <TimeText timeMs={resolvedAtMs ?? activeAtMs} />
      </span>
    )
  }
  if (name === 'pending') {
    return (
      <span>
        pending since <TimeText timeMs={activeAtMs} as="clock" />, fires <TimeText timeMs={activeAtMs + durationMs} /> if it goes
        on
      </span>
    )
  }
  return (
    <span>
      fires since <TimeText timeMs={firedAtMs ?? activeAtMs} as="clock" />, <TimeText timeMs={firedAtMs ?? activeAtMs} />
      {keepFiringSinceMs !== undefined && ', although the condition no longer holds'}
    </span>
  )
}
