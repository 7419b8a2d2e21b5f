import { useSignal } from '@preact/signals'
import { Icon } from '../../components/icon.tsx'
import { useMenu } from '../../components/use-menu.ts'

/** More values than this are found by typing. */
const maxShown = 100
/** A list that is longer than this can be searched. */
const minSearched = 8

/** Chooses values of a label. None is chosen for all. */
export function LabelFilter({
  label,
  values,
  chosen,
  onChange,
  onOpen,
}: {
  readonly label: string
  readonly values: readonly string[]
  readonly chosen: readonly string[]
  readonly onChange: (values: readonly string[]) => void
  readonly onOpen: () => void
}) {
  const menu = useMenu()
  const search = useSignal('')
  // A value of an address may have no series any more.
  const all = [...new Set([...values, ...chosen])].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const found = all.filter((value) => value.toLowerCase().includes(search.value.trim().toLowerCase()))
  const text = chosen.length === 0 ? 'any' : chosen.length <= 2 ? chosen.join(', ') : `${chosen.length} values`
  return (
    <details
      class="menu label-filter"
      ref={menu}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) onOpen()
      }}
    >
      <summary class={`button${chosen.length > 0 ? ' button-chosen' : ''}`} title={chosen.join(', ')}>
        <span class="label-filter-name">{label}</span>
        <span class="label-filter-values">{text}</span>
        <Icon name="chevron" />
      </summary>
      <fieldset class="menu-content">
        <legend>Only series with {chosen.length > 1 ? 'one of these values' : 'this value'}</legend>
        {all.length >= minSearched && (
          <input
            class="control"
            type="search"
            aria-label={`Search values of ${label}`}
            placeholder="Search"
            value={search.value}
            onInput={({ currentTarget }) => {
              search.value = currentTarget.value
            }}
          />
        )}
        <div class="label-filter-list">
          {found.slice(0, maxShown).map((value) => (
            <label key={value}>
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={() =>
                  onChange(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value].sort())
                }
              />
              {value}
            </label>
          ))}
          {found.length === 0 && <span class="muted">No value of a series now.</span>}
          {found.length > maxShown && <span class="muted">and {found.length - maxShown} more: type to find them</span>}
        </div>
        {chosen.length > 0 && (
          <button type="button" class="button" onClick={() => onChange([])}>
            Any value
          </button>
        )}
      </fieldset>
    </details>
  )
}
