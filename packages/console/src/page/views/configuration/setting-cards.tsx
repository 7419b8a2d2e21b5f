import { changeProblem } from '../../api/session.ts'
import type { ConfigAnswer, SettingState } from '../../api/types.ts'
import { CardGrid } from '../../components/card.tsx'
import { SettingCard } from './setting-card.tsx'

/** The settings that can be changed while the process runs or, if this page may not, why. */
export function SettingCards({
  config: { options, settings },
  onChange,
}: {
  readonly config: ConfigAnswer
  readonly onChange: (settings: SettingState[]) => void
}) {
  const problem = changeProblem.value
  return (
    <>
      <p class="muted">
        These can be changed while the process runs. A change applies to all processes of the group at once, until they end, and
        is marked on every chart. A process that starts later has the values of its own options.
      </p>
      {problem !== undefined && <p class="notice notice-warning">{problem}</p>}
      <CardGrid>
        {settings.map((setting) => (
          <SettingCard
            key={setting.setting}
            setting={setting}
            variable={options.find(({ option }) => option === setting.setting)?.variable}
            canChange={problem === undefined}
            onChange={onChange}
          />
        ))}
      </CardGrid>
    </>
  )
}
