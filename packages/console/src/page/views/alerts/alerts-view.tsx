import './alerts.css'
import { useSignal } from '@preact/signals'
import { session } from '../../api/session.ts'
import type { AlertState, AlertsAnswer, RuleState } from '../../api/types.ts'
import { Timeline } from '../../charts/timeline.tsx'
import { Card } from '../../components/card.tsx'
import { ChangeButton } from '../../components/change-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { Answered, Empty } from '../../components/notices.tsx'
import { Segments, Tabs } from '../../components/tabs.tsx'
import { selectedStore } from '../../data/stores.ts'
import { timeRange } from '../../data/time-range.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { timelineEvents } from '../../live/stream.ts'
import { linkTo, parameter, setParameters } from '../../router.ts'
import { alertLanes, mergeAlertChanges } from './alert-lanes.ts'
import { AlertList } from './alert-list.tsx'
import { NotificationTable } from './notification-table.tsx'
import { RuleDetail } from './rule-detail.tsx'
import { RuleTable } from './rule-table.tsx'
import { SilenceDialog } from './silence-dialog.tsx'
import { SilenceList } from './silence-list.tsx'

/** What alerts now and what alerted before, the rules behind it, what was notified, and what is silenced. */
export function AlertsView() {
  const answer = useAnswer('api/v1/alerts')
  const rules = useAnswer('api/v1/rules')
  return (
    <Answered answer={answer} what="the alerts" height={420}>
      {(alerts) => (
        <Answered answer={rules} what="the rules" height={420}>
          {(known) => <Alerts answer={alerts} rules={known.rules} reload={answer.reload} />}
        </Answered>
      )}
    </Answered>
  )
}

const stateOrder = ['firing', 'pending', 'resolved']
const severityOrder = ['emergency', 'critical', 'warning', 'info']

/** What fires first, of that the worst, and of that the newest. */
function compareAlerts({ state: a, labels: aLabels }: AlertState, { state: b, labels: bLabels }: AlertState): number {
  const severity = (labels: AlertState['labels']): number => severityOrder.indexOf(labels['severity'] ?? '')
  return (
    stateOrder.indexOf(a.name) - stateOrder.indexOf(b.name) ||
    severity(aLabels) - severity(bLabels) ||
    b.activeAtMs - a.activeAtMs
  )
}

function Alerts({
  answer,
  rules,
  reload,
}: {
  readonly answer: AlertsAnswer
  readonly rules: readonly RuleState[]
  readonly reload: () => void
}) {
  const silences = useAnswer('api/v1/silences')
  const silenced = useSignal<AlertState['labels'] | undefined>(undefined)
  const tab = parameter('alerts', 'tab') ?? 'alerts'
  const chosen = parameter('alerts', 'rule')
  const store = selectedStore.value
  const alerts = answer.alerts
    .filter(({ labels }) => store === undefined || labels['store'] === undefined || labels['store'] === store)
    .sort(compareAlerts)
  const byName = new Map(rules.map((rule) => [rule.name, rule]))
  const rule = byName.get(chosen ?? '')
  const { notifications = [] } = answer
  const refresh = (): void => {
    reload()
    silences.reload()
  }
  const live = alerts.filter(({ state }) => state.name !== 'resolved')
  return (
    <>
      <header class="alerts-head">
        <Tabs
          label="Parts of the alerts"
          selected={tab}
          linkTo={(id) => linkTo('alerts', { tab: id === 'alerts' ? undefined : id })}
          tabs={[
            { id: 'alerts', title: 'Alerts', count: live.length },
            { id: 'rules', title: 'Rules', count: rules.length },
            { id: 'notifications', title: 'Notifications', count: notifications.length },
            { id: 'silences', title: 'Silences', count: silences.value?.silences.length },
          ]}
        />
        <ChangeButton
          onClick={() => {
            silenced.value = {}
          }}
        >
          <Icon name="silence" />
          Silence alerts
        </ChangeButton>
      </header>
      {chosen !== undefined && rule === undefined && <Empty>There is no rule {chosen}.</Empty>}
      {rule !== undefined && <RuleDetail key={rule.name} rule={rule} notifications={notifications} tab={tab} />}
      {tab === 'alerts' && (
        <>
          <AlertsNow
            alerts={alerts}
            rules={byName}
            chosen={chosen}
            onSilence={({ labels }) => {
              silenced.value = labels
            }}
          />
          <AlertHistory answer={answer} store={store} />
          <RuleProblems rules={rules} />
        </>
      )}
      {tab === 'rules' && <Rules rules={rules} chosen={chosen} />}
      {tab === 'notifications' && (
        <Card title="Notifications" subtitle="The last of each alert that fired or was resolved, with what became of it.">
          <NotificationTable notifications={notifications} />
        </Card>
      )}
      {tab === 'silences' && (
        <Card title="Silences" subtitle="They withhold notifications; alerts are evaluated and shown as before.">
          <Answered answer={silences} what="the silences">
            {(known) => <SilenceList silences={known.silences} onChange={refresh} />}
          </Answered>
        </Card>
      )}
      {silenced.value !== undefined && (
        <SilenceDialog
          labels={silenced.value}
          alerts={answer.alerts}
          onClose={(isCreated) => {
            silenced.value = undefined
            if (isCreated) refresh()
          }}
        />
      )}
    </>
  )
}

function AlertsNow(props: {
  readonly alerts: readonly AlertState[]
  readonly rules: ReadonlyMap<string, RuleState>
  readonly chosen: string | undefined
  readonly onSilence: (alert: AlertState) => void
}) {
  const firing = props.alerts.filter(({ state }) => state.name === 'firing').length
  const pending = props.alerts.filter(({ state }) => state.name === 'pending').length
  const resolved = props.alerts.length - firing - pending
  const parts = [
    firing > 0 ? `${firing} firing` : 'None fires',
    pending > 0 ? `${pending} pending` : undefined,
    resolved > 0 ? `${resolved} resolved in the last 15 minutes` : undefined,
  ]
  return (
    <Card title="Now" subtitle={parts.filter((part) => part !== undefined).join(', ')}>
      {props.alerts.length === 0 ? (
        <Empty>Nothing alerts, and nothing did in the last 15 minutes.</Empty>
      ) : (
        <AlertList {...props} />
      )}
    </Card>
  )
}

function AlertHistory({ answer, store }: { readonly answer: AlertsAnswer; readonly store: string | undefined }) {
  const { startMs, endMs } = timeRange.value
  const changes = mergeAlertChanges(answer.transitions, timelineEvents.value)
  const isShown = ({ labels }: Pick<AlertState, 'labels'>): boolean =>
    store === undefined || labels['store'] === undefined || labels['store'] === store
  const knownSinceMs = session.value?.startedAtMs ?? changes[0]?.timeMs ?? startMs
  const lanes = alertLanes(answer.alerts.filter(isShown), changes.filter(isShown), { startMs, endMs, knownSinceMs })
  return (
    <Card title="History" subtitle="Hatched while pending, filled while firing.">
      <Timeline
        label="Alerts over time"
        lanes={lanes.map(({ rule, ...lane }) => ({ ...lane, href: linkTo('alerts', { rule }) }))}
        startMs={startMs}
        endMs={endMs}
        empty="Nothing alerted in this range, as far as it is known."
      />
    </Card>
  )
}

/** The rules that do not do what they are there for. */
function RuleProblems({ rules }: { readonly rules: readonly RuleState[] }) {
  const failing = rules.filter(({ error }) => error !== undefined)
  const unmatched = rules.filter(({ error, hasMatched }) => error === undefined && !hasMatched)
  if (failing.length + unmatched.length === 0) return null
  return (
    <Card title="Rules that may not work">
      {failing.map(({ name, error }) => (
        <p key={name} class="rule-error">
          <a href={linkTo('alerts', { rule: name })}>{name}</a> failed in its last evaluation: {error}
        </p>
      ))}
      {unmatched.length > 0 && (
        <p>
          <span class="muted">
            {unmatched.length === 1 ? 'One rule has matched no series' : `${unmatched.length} rules have matched no series`} since
            the start. That is a mistake in the metric or its labels, or what is watched is not in use:{' '}
          </span>
          {unmatched.map(({ name }, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <a href={linkTo('alerts', { rule: name })}>{name}</a>
            </span>
          ))}
        </p>
      )}
    </Card>
  )
}

type RuleFilter = 'all' | 'active' | 'problems'

function Rules({ rules, chosen }: { readonly rules: readonly RuleState[]; readonly chosen: string | undefined }) {
  const filter = (parameter('alerts', 'state') ?? 'all') as RuleFilter
  const active = rules.filter(({ state }) => state !== 'inactive')
  const problems = rules.filter(({ error, hasMatched }) => error !== undefined || !hasMatched)
  const shown = { all: rules, active, problems }[filter] ?? rules
  return (
    <Card title="Rules" subtitle="They are evaluated over the history of the metrics.">
      <div class="toolbar">
        <Segments
          label="Which rules"
          options={[
            { id: 'all', title: `All ${rules.length}` },
            { id: 'active', title: `Active ${active.length}`, description: 'Pending or firing' },
            { id: 'problems', title: `May not work ${problems.length}`, description: 'They fail, or match no series' },
          ]}
          selected={filter}
          onSelect={(state) => setParameters('alerts', { state: state === 'all' ? undefined : state })}
        />
      </div>
      <RuleTable rules={shown} chosen={chosen} />
    </Card>
  )
}
