import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { post } from '../../api/client.ts'
import type { SettingState } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Segments } from '../../components/tabs.tsx'
import { describeValue, parseSetting } from './option-values.ts'

interface SettingCardProps {
  readonly setting: SettingState
  /** The variable that sets the option at the start. */
  readonly variable: string | undefined
  readonly canChange: boolean
  /** Called with all settings after a change. */
  readonly onChange: (settings: SettingState[]) => void
}

/** One setting that can be changed while the process runs: what it does, what it costs, and its value. */
export function SettingCard({ setting: state, variable, canChange, onChange }: SettingCardProps) {
  const { setting, value, startValue, allowed, description, cost } = state
  const draft = useSignal<string | undefined>(undefined)
  const problem = useSignal<string | undefined>(undefined)
  const result = useSignal('')
  const isSending = useSignal(false)
  const id = useId()
  const wanted = draft.value === undefined ? value : toValue(draft.value, value)
  const isOther = wanted !== value

  const send = async (next: string | number | boolean): Promise<void> => {
    isSending.value = true
    problem.value = undefined
    const answer = await post('api/v1/settings', { [setting]: next })
    isSending.value = false
    if (!answer.ok) {
      problem.value = answer.error.message
      return
    }
    const { settings, unreached = [] } = answer.value
    draft.value = undefined
    result.value =
      unreached.length === 0 ? 'Changed in all processes.' : `Changed, but not in ${unreached.join(', ')}: they did not answer.`
    onChange(settings)
  }
  const edit = (text: string): void => {
    draft.value = text
    problem.value = undefined
    result.value = ''
  }
  return (
    <Card
      title={<code>{setting}</code>}
      subtitle={description}
      actions={value !== startValue && <span class="source source-code">changed</span>}
    >
      <form
        class="setting"
        onSubmit={(event) => {
          event.preventDefault()
          if (isOther && canChange) void send(wanted)
        }}
      >
        {typeof value === 'boolean' ? (
          <fieldset class="setting-field" disabled={!canChange || isSending.value}>
            <Segments
              label={setting}
              options={[
                { id: 'true', title: 'on' },
                { id: 'false', title: 'off' },
              ]}
              selected={wanted ? 'true' : 'false'}
              onSelect={edit}
            />
          </fieldset>
        ) : (
          <div class="setting-field">
            <input
              class="control"
              aria-label={setting}
              aria-invalid={problem.value !== undefined}
              aria-describedby={`${id}-allowed ${id}-problem`}
              inputMode={typeof value === 'number' ? 'decimal' : 'text'}
              autocomplete="off"
              disabled={!canChange || isSending.value}
              value={draft.value ?? String(value)}
              onInput={({ currentTarget }) => edit(currentTarget.value)}
            />
            <span class="muted">{describeValue(setting, wanted)?.meaning}</span>
            <span id={`${id}-allowed`} class="muted setting-allowed">
              {allowed}
            </span>
          </div>
        )}
        <p id={`${id}-problem`} class="problem" role="alert" hidden={problem.value === undefined}>
          {problem.value}
        </p>
        <p class={isOther ? 'setting-cost setting-cost-now' : 'setting-cost'}>
          <strong>What it costs:</strong> {cost}
        </p>
        <div class="toolbar setting-actions">
          {isOther && (
            <>
              <button type="submit" class="button button-primary" disabled={isSending.value}>
                {isSending.value ? 'Changing …' : `Change to ${sayValue(setting, wanted)}`}
              </button>
              <button type="button" class="button" onClick={() => edit(String(value))}>
                Discard
              </button>
            </>
          )}
          {!isOther && value !== startValue && canChange && (
            <button type="button" class="button" disabled={isSending.value} onClick={() => void send(startValue)}>
              Return to {sayValue(setting, startValue)}
            </button>
          )}
          <output class="muted">{result.value}</output>
        </div>
        {value !== startValue && variable !== undefined && (
          <div class="setting-keep muted">
            <span>
              Lasts until the process ends. To keep it: <code>{`${variable}=${String(value)}`}</code>
            </span>
            <CopyButton text={`${variable}=${String(value)}`} />
          </div>
        )}
      </form>
    </Card>
  )
}

function toValue(text: string, current: string | number | boolean): string | number | boolean {
  return typeof current === 'boolean' ? text === 'true' : parseSetting(text, current)
}

function sayValue(setting: string, value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return describeValue(setting, value)?.meaning ?? (value === '' ? 'nothing' : String(value))
}
