import type { RuleState } from '../../api/types.ts'
import { Status, statusOfSeverity } from '../../components/status.tsx'
import { Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { linkTo, navigate } from '../../router.ts'
import { describeRule } from './describe-rule.ts'

/** How much a rule wants to be looked at. */
function rank({ error, state, hasMatched }: RuleState): number {
  if (error !== undefined) return 4
  if (state === 'firing') return 3
  if (state === 'pending') return 2
  return hasMatched ? 0 : 1
}

/** Every rule: its state, when it fires, and whether it works at all. */
export function RuleTable({ rules, chosen }: { readonly rules: readonly RuleState[]; readonly chosen: string | undefined }) {
  return (
    <Table
      caption="Alert rules"
      rows={[...rules].sort((a, b) => rank(b) - rank(a))}
      rowKey={({ name }) => name}
      isSelected={({ name }) => name === chosen}
      onRowClick={({ name }) => navigate('alerts', { rule: name, tab: 'rules' })}
      empty="No rule fits."
      columns={[
        {
          key: 'name',
          title: 'Rule',
          isRowHeader: true,
          sortBy: ({ name }) => name,
          render: ({ name }) => <a href={linkTo('alerts', { rule: name, tab: 'rules' })}>{name}</a>,
        },
        { key: 'state', title: 'State', sortBy: (rule) => -rank(rule), render: (rule) => <RuleStatus rule={rule} /> },
        { key: 'severity', title: 'Severity', sortBy: ({ severity }) => severity, render: ({ severity }) => severity },
        {
          key: 'condition',
          title: 'Fires if',
          render: (rule) => (
            <>
              {describeRule(rule)}
              {rule.error !== undefined && <div class="rule-error">{rule.error}</div>}
            </>
          ),
        },
        {
          key: 'evaluated',
          title: 'Evaluated',
          sortBy: ({ evaluatedAtMs }) => evaluatedAtMs,
          render: ({ evaluatedAtMs }) => evaluatedAtMs !== undefined && <TimeText timeMs={evaluatedAtMs} />,
        },
      ]}
    />
  )
}

function RuleStatus({ rule: { state, error, hasMatched, severity, alerts } }: { readonly rule: RuleState }) {
  if (error !== undefined) return <Status status="critical" word="fails" />
  if (state !== 'inactive') {
    const status = severity === 'emergency' ? 'critical' : statusOfSeverity(severity)
    return <Status status={status} word={alerts > 1 ? `${state}, ${alerts} alerts` : state} />
  }
  return hasMatched ? <Status status="healthy" word="inactive" /> : <Status status="unknown" word="matches no series" />
}
