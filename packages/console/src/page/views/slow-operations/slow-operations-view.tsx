import './slow-operations.css'
import { Tabs } from '../../components/tabs.tsx'
import { useAnswer } from '../../data/use-answer.ts'
import { linkTo, parameter } from '../../router.ts'
import { ErrorList } from './error-list.tsx'
import { scopeParameters } from './slow-choice.ts'
import { SlowList } from './slow-list.tsx'

/** The operations that took long or failed in the range of the page, one by one, with their causes. */
export function SlowOperationsView() {
  const slow = useAnswer('api/v1/slow-operations', { ...scopeParameters(), limit: 1 })
  const errors = useAnswer('api/v1/errors', { ...scopeParameters(), limit: 1 })
  const tab = parameter('slow-operations', 'tab') === 'errors' ? 'errors' : 'slow'
  return (
    <>
      <Tabs
        label="Slow and failed operations"
        selected={tab}
        linkTo={(id) => linkTo('slow-operations', { tab: id === 'errors' ? id : undefined })}
        tabs={[
          { id: 'slow', title: 'Slow operations', count: slow.value?.total },
          { id: 'errors', title: 'Errors', count: errors.value?.total },
        ]}
      />
      {tab === 'errors' ? <ErrorList /> : <SlowList />}
    </>
  )
}
