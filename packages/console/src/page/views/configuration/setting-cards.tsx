import { session } from '../../api/session.ts'
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
  const canChange = session.value?.canChange === true
  return (
    <>
      <p class="muted">
        These can be changed while the process runs. A change applies to all processes of the group at once, until they end, and
        is marked on every chart. A process that starts later has the values of its own options.
      </p>
      {!canChange && <p class="notice notice-warning">{reasonOfRefusal()}</p>}
      <CardGrid>
        {settings.map((setting) => (
          <SettingCard
            key={setting.setting}
            setting={setting}
            variable={options.find(({ option }) => option === setting.setting)?.variable}
            canChange={canChange}
            onChange={onChange}
          />
        ))}
      </CardGrid>
    </>
  )
}

function reasonOfRefusal(): string {
  return session.value?.authentication === 'token'
    ? 'This session may not change anything. Sign out, and sign in again with the token.'
    : 'Without a token, the monitor accepts changes only from a page that is opened directly on its own machine. Set authToken (WOMBAT_AUTH_TOKEN) to change settings from elsewhere.'
}
