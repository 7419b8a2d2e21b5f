import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import type { CatalogMetric } from '../../api/types.ts'
import { Icon } from '../../components/icon.tsx'
import { unitName } from '../../format/units.ts'
import { queryName } from './explore-choice.ts'
import { searchMetrics } from './search-metrics.ts'

/** How far Page Up and Page Down go. */
const pageLength = 8

/** Chooses a metric by its name, description, unit or labels. A name that the catalog does not have may be typed, too. */
export function MetricCombobox({
  metrics,
  selected,
  current,
  onSelect,
  onOpen,
}: {
  readonly metrics: readonly CatalogMetric[]
  /** The name that is asked for; empty for none. */
  readonly selected: string
  /** The metric of that name, or of which it is a series. */
  readonly current: CatalogMetric | undefined
  readonly onSelect: (name: string) => void
  readonly onOpen: () => void
}) {
  const id = useId()
  /** What is typed; undefined while the reader does not search. */
  const text = useSignal<string | undefined>(undefined)
  const isOpen = useSignal(false)
  const active = useSignal<number | undefined>(undefined)
  const list = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  const found = isOpen.value ? searchMetrics(metrics, text.value ?? '') : []
  const firstWithout = found.findIndex(({ series }) => series === 0)
  const optionId = (index: number): string => `${id}-${index}`

  const open = (): void => {
    if (isOpen.value) return
    onOpen()
    isOpen.value = true
    const index = searchMetrics(metrics, '').findIndex(({ name }) => name === current?.name)
    if (index >= 0) active.value = index
  }
  const close = (): void => {
    isOpen.value = false
    text.value = undefined
    active.value = undefined
  }
  const select = (name: string): void => {
    close()
    if (name !== '' && name !== selected) onSelect(name)
  }
  const move = (to: (from: number) => number): void => {
    if (!isOpen.value) {
      open()
      active.value ??= 0
    } else if (found.length > 0) active.value = Math.min(found.length - 1, Math.max(0, to(active.value ?? -1)))
  }
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move((from) => from + 1),
    ArrowUp: () => move((from) => from - 1),
    PageDown: () => move((from) => from + pageLength),
    PageUp: () => move((from) => from - pageLength),
    Enter: () => {
      const metric = active.value === undefined ? undefined : found[active.value]
      const typed = (text.value ?? '').trim()
      const only = found.length === 1 ? found[0] : undefined
      const chosen = metric ?? found.find(({ name }) => name === typed) ?? only
      select(chosen === undefined ? typed : queryName(chosen))
    },
    Escape: () => {
      if (!isOpen.value) input.current?.blur()
      close()
    },
  }

  useEffect(() => {
    if (active.value === undefined) return
    list.current?.querySelector(`#${CSS.escape(optionId(active.value))}`)?.scrollIntoView({ block: 'nearest' })
  }, [active.value])

  return (
    <div class="combobox">
      <label for={`${id}-input`}>Metric</label>
      <div class="combobox-field">
        <Icon name="search" />
        <input
          ref={input}
          id={`${id}-input`}
          class="control"
          type="text"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={isOpen.value}
          aria-controls={`${id}-list`}
          aria-activedescendant={active.value === undefined ? undefined : optionId(active.value)}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder="Search by name, description, unit or label"
          value={text.value ?? selected}
          onFocus={({ currentTarget }) => currentTarget.select()}
          onClick={open}
          onBlur={close}
          onInput={({ currentTarget }) => {
            open()
            text.value = currentTarget.value
            active.value = currentTarget.value.trim() === '' ? undefined : 0
          }}
          onKeyDown={(event) => {
            const act = keys[event.key]
            if (act === undefined || event.isComposing) return
            event.preventDefault()
            act()
          }}
        />
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        class="combobox-list"
        role="listbox"
        aria-label="Metrics"
        hidden={!isOpen.value}
        tabIndex={-1}
        // The field keeps the focus, so that a click here does not close the list before it chooses.
        onMouseDown={(event) => event.preventDefault()}
      >
        {found.map((metric, index) => (
          <MetricOption
            key={metric.name}
            id={optionId(index)}
            metric={metric}
            heading={index === firstWithout ? 'No series now: nothing has reported these' : undefined}
            isActive={index === active.value}
            isSelected={metric.name === current?.name}
            onSelect={() => select(queryName(metric))}
          />
        ))}
      </div>
      {isOpen.value && found.length === 0 && (
        <p class="combobox-list combobox-none" role="status">
          No metric has these words. Enter asks for the name as it is typed.
        </p>
      )}
    </div>
  )
}

function MetricOption({
  id,
  metric: { name, kind, unit = '', description, labels, series },
  heading,
  isActive,
  isSelected,
  onSelect,
}: {
  readonly id: string
  readonly metric: CatalogMetric
  readonly heading: string | undefined
  readonly isActive: boolean
  readonly isSelected: boolean
  readonly onSelect: () => void
}) {
  const facts = [kind, unitName(unit), labels.join(', '), series === 0 ? '' : `${series} series`]
  return (
    <>
      {heading !== undefined && (
        <div class="combobox-heading" role="presentation">
          {heading}
        </div>
      )}
      {/* The field has the focus and handles the keys. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: see above */}
      <div
        id={id}
        class={`combobox-option${isActive ? ' combobox-active' : ''}${series === 0 ? ' combobox-unused' : ''}`}
        role="option"
        aria-selected={isSelected}
        onClick={onSelect}
      >
        <span class="combobox-name">
          <code>{name}</code>
          <span class="combobox-facts">{facts.filter((fact) => fact !== '').join(' · ')}</span>
        </span>
        {description !== undefined && <span class="combobox-facts">{description}</span>}
      </div>
    </>
  )
}
