import { useSignal } from '@preact/signals'
import { remove } from '../../api/client.ts'
import type { Silence } from '../../api/types.ts'
import { ChangeButton } from '../../components/change-button.tsx'
import { Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'

/** The silences that last, with a button to end each. */
export function SilenceList({ silences, onChange }: { readonly silences: readonly Silence[]; readonly onChange: () => void }) {
  const problem = useSignal<string | undefined>(undefined)
  const end = async (id: string): Promise<void> => {
    const result = await remove(`api/v1/silences/${encodeURIComponent(id)}`)
    problem.value = result.ok ? undefined : result.error.message
    onChange()
  }
  return (
    <>
      {problem.value !== undefined && (
        <p class="silence-problem" role="alert">
          The silence was not ended: {problem.value}
        </p>
      )}
      <Table
        caption="Silences"
        rows={silences}
        rowKey={({ id }) => id}
        empty="No silence lasts. Create one before a deployment or an import, so that nobody is called for it."
        columns={[
          {
            key: 'matchers',
            title: 'Alerts with',
            isRowHeader: true,
            render: ({ matchers }) => (
              <span class="silence-labels">
                {Object.entries(matchers).map(([label, value]) => (
                  <span key={label} class="alert-label">
                    {label} <b>{value}</b>
                  </span>
                ))}
              </span>
            ),
          },
          { key: 'alerts', title: 'Alerts now', isNumeric: true, render: ({ alerts }) => alerts },
          { key: 'start', title: 'Since', render: ({ startMs }) => <TimeText timeMs={startMs} as="clock" /> },
          { key: 'end', title: 'Ends', render: ({ endMs }) => <TimeText timeMs={endMs} /> },
          { key: 'comment', title: 'Comment', render: ({ comment }) => comment },
          {
            key: 'delete',
            title: <span class="visually-hidden">Delete</span>,
            render: ({ id }) => (
              <ChangeButton class="button button-danger" onClick={() => void end(id)}>
                Delete
              </ChangeButton>
            ),
          },
        ]}
      />
    </>
  )
}
