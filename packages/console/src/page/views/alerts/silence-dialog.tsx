import { useSignal } from '@preact/signals'
import { post } from '../../api/client.ts'
import type { AlertState, Labels } from '../../api/types.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { Segments } from '../../components/tabs.tsx'
import { isMatched, matchersOf, type SilenceForm, toSilence } from './silence-form.ts'

const offeredHours = [
  { id: '1', title: '1 h' },
  { id: '4', title: '4 h' },
  { id: '24', title: '1 d' },
  { id: 'custom', title: 'Custom' },
] as const
type Offered = (typeof offeredHours)[number]['id']

/** Withholds the notifications of the alerts that have some labels, for a time. */
export function SilenceDialog({
  labels,
  alerts,
  onClose,
}: {
  /** Of the alert that is to be silenced; empty for a silence of the reader's own. */
  readonly labels: Labels
  /** The alerts now, to tell which of them it concerns. */
  readonly alerts: readonly AlertState[]
  /** Called with whether a silence was created. */
  readonly onClose: (isCreated: boolean) => void
}) {
  const first = matchersOf(labels)
  const matchers = useSignal<SilenceForm['matchers']>(first.length === 0 ? [{ label: 'store', value: '' }] : first)
  const offered = useSignal<Offered>('1')
  const customHours = useSignal('8')
  const comment = useSignal('')
  const problem = useSignal<string | undefined>(undefined)
  const isSending = useSignal(false)
  const hours = Number(offered.value === 'custom' ? customHours.value : offered.value)
  const silence = toSilence({ matchers: matchers.value, hours, comment: comment.value })
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if ('problem' in silence) {
      problem.value = silence.problem
      return
    }
    isSending.value = true
    const result = await post('api/v1/silences', silence)
    isSending.value = false
    if (result.ok) onClose(true)
    else problem.value = result.error.message
  }
  const change = (index: number, fields: Partial<SilenceForm['matchers'][number]>): void => {
    problem.value = undefined
    matchers.value = matchers.value.map((matcher, at) => (at === index ? { ...matcher, ...fields } : matcher))
  }
  return (
    <Dialog title="Silence alerts" onClose={() => onClose(false)}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <fieldset class="silence-part">
          <legend>Alerts with all of these labels</legend>
          {matchers.value.map(({ label, value }, index) => (
            <div key={index} class="matcher">
              <input
                class="control"
                aria-label={`Label ${index + 1}`}
                placeholder="label"
                value={label}
                onInput={({ currentTarget }) => change(index, { label: currentTarget.value })}
              />
              <span aria-hidden="true">=</span>
              <input
                class="control"
                aria-label={`Value ${index + 1}`}
                placeholder="value"
                value={value}
                onInput={({ currentTarget }) => change(index, { value: currentTarget.value })}
              />
              <button
                type="button"
                class="button button-icon button-quiet"
                aria-label={`Remove ${label === '' ? `label ${index + 1}` : label}`}
                onClick={() => {
                  matchers.value = matchers.value.filter((_, at) => at !== index)
                }}
              >
                <Icon name="close" />
              </button>
            </div>
          ))}
          <div>
            <button
              type="button"
              class="button button-quiet"
              onClick={() => {
                matchers.value = [...matchers.value, { label: '', value: '' }]
              }}
            >
              Add a label
            </button>
          </div>
        </fieldset>
        <div class="toolbar">
          <Segments
            label="For how long"
            options={offeredHours}
            selected={offered.value}
            onSelect={(id) => {
              offered.value = id
            }}
          />
          {offered.value === 'custom' && (
            <span class="toolbar">
              <input
                type="number"
                class="control silence-hours"
                aria-label="Hours"
                min="0.1"
                max="720"
                step="0.1"
                value={customHours.value}
                onInput={({ currentTarget }) => {
                  customHours.value = currentTarget.value
                }}
              />
              hours
            </span>
          )}
        </div>
        <label>
          Comment
          <input
            class="control"
            placeholder="Why, for whoever reads it later"
            maxLength={200}
            value={comment.value}
            onInput={({ currentTarget }) => {
              comment.value = currentTarget.value
            }}
          />
        </label>
        <p class="muted">
          {'problem' in silence ? silence.problem : describeMatches(alerts, silence.matchers)} Alerts are evaluated as before;
          only their notifications are withheld. What still fires at the end is notified then.
        </p>
        {problem.value !== undefined && (
          <p class="silence-problem" role="alert">
            {problem.value}
          </p>
        )}
        <button type="submit" class="button button-primary" disabled={isSending.value}>
          Silence
        </button>
      </form>
    </Dialog>
  )
}

function describeMatches(alerts: readonly AlertState[], matchers: Labels): string {
  const count = alerts.filter(({ labels, state }) => state.name !== 'resolved' && isMatched(labels, matchers)).length
  if (count === 0) return 'No alert has these labels now.'
  return count === 1 ? 'This concerns one alert now.' : `This concerns ${count} alerts now.`
}
