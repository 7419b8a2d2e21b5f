import './configuration.css'
import { computed } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Answered } from '../../components/notices.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { putAnswer, useAnswer } from '../../data/use-answer.ts'
import { timelineEvents } from '../../live/stream.ts'
import { linkTo, parameter } from '../../router.ts'
import { OptionTable } from './option-table.tsx'
import { PageSettings } from './page-settings.tsx'
import { SettingCards } from './setting-cards.tsx'

const defaultTab = 'options'

/** The last change of the settings, by whoever made it. */
const lastChangeId = computed(() => timelineEvents.value.findLast(({ kind }) => kind === 'settings')?.id)

/** The options of the monitor, its settings, and those of this page. */
export function ConfigurationView() {
  const config = useAnswer('api/v1/config', {}, { refresh: 'never' })
  const tab = parameter('configuration', 'tab') ?? defaultTab
  const changeId = lastChangeId.value
  const shownChangeId = useRef(changeId)
  useEffect(() => {
    if (shownChangeId.current !== changeId) config.reload()
    shownChangeId.current = changeId
  }, [changeId])
  return (
    <>
      <Tabs
        label="Parts of the configuration"
        tabs={[
          { id: defaultTab, title: 'Options', count: config.value?.options.length },
          { id: 'settings', title: 'Settings', count: config.value?.settings.length },
          { id: 'page', title: 'This page' },
        ]}
        selected={tab}
        linkTo={(id) => linkTo('configuration', { tab: id === defaultTab ? undefined : id })}
      />
      {tab === 'page' ? (
        <PageSettings />
      ) : (
        <Answered answer={config} what="the configuration" height={400}>
          {(value) =>
            tab === 'settings' ? (
              <SettingCards config={value} onChange={(settings) => putAnswer('api/v1/config', { ...value, settings })} />
            ) : (
              <OptionTable options={value.options} />
            )
          }
        </Answered>
      )}
    </>
  )
}
