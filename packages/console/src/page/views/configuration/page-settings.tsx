import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Card, CardGrid } from '../../components/card.tsx'
import { Segments } from '../../components/tabs.tsx'
import { findTemplateProblem, formatTraceLink, traceLinkTemplate } from '../../data/trace-link.ts'
import { type ThemeChoice, themeChoice } from '../../theme/theme.ts'

const themes: readonly { readonly id: ThemeChoice; readonly title: string; readonly description: string }[] = [
  { id: 'system', title: 'System', description: 'As the operating system has it' },
  { id: 'light', title: 'Light', description: 'Always light' },
  { id: 'dark', title: 'Dark', description: 'Always dark' },
]

/** What this browser remembers of the page. */
export function PageSettings() {
  return (
    <>
      <p class="muted">This browser remembers these settings. They change nothing for others.</p>
      <CardGrid>
        <Card title="Theme">
          <div>
            <Segments
              label="Theme"
              options={themes}
              selected={themeChoice.value}
              onSelect={(choice) => {
                themeChoice.value = choice
              }}
            />
          </div>
        </Card>
        <TraceLinkSetting />
      </CardGrid>
    </>
  )
}

const exampleTraceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const exampleSpanId = '00f067aa0ba902b7'

function TraceLinkSetting() {
  const draft = useSignal<string | undefined>(undefined)
  const id = useId()
  const text = draft.value ?? traceLinkTemplate.value
  const trimmed = text.trim()
  const problem = findTemplateProblem(trimmed)
  const isOther = trimmed !== traceLinkTemplate.value
  const example = formatTraceLink(trimmed, exampleTraceId, exampleSpanId)
  return (
    <Card
      title="Links to traces"
      subtitle="Slow operations with a trace link to it. The address has {traceId} and, if it needs one, {spanId}."
    >
      <form
        class="setting"
        onSubmit={(event) => {
          event.preventDefault()
          if (problem !== undefined) return
          traceLinkTemplate.value = trimmed
          draft.value = undefined
        }}
      >
        <label for={`${id}-template`} class="visually-hidden">
          Address of a trace
        </label>
        <input
          id={`${id}-template`}
          class="control trace-template"
          placeholder="https://tracing.example/trace/{traceId}"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-problem`}
          value={text}
          onInput={({ currentTarget }) => {
            draft.value = currentTarget.value
          }}
        />
        <p id={`${id}-problem`} class="problem" role="status" hidden={problem === undefined}>
          {problem}
        </p>
        {example !== undefined && <p class="muted trace-example">For example: {example}</p>}
        <div class="toolbar setting-actions">
          <button type="submit" class="button button-primary" disabled={!isOther || problem !== undefined}>
            {isOther && trimmed === '' ? 'Remove' : 'Remember'}
          </button>
          {draft.value !== undefined && isOther && (
            <button
              type="button"
              class="button"
              onClick={() => {
                draft.value = undefined
              }}
            >
              Discard
            </button>
          )}
          <output class="muted">{!isOther && trimmed !== '' ? 'Remembered by this browser.' : ''}</output>
        </div>
      </form>
    </Card>
  )
}
