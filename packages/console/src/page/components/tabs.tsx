import type { ComponentChildren } from 'preact'

export interface Tab {
  readonly id: string
  readonly title: ComponentChildren
  /** How many there are behind the tab. */
  readonly count?: number | undefined
}

/** Links that choose one of several parts of a view; the address keeps which. */
export function Tabs({
  label,
  tabs,
  selected,
  linkTo,
}: {
  /** Says what is chosen; read by screen readers. */
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly selected: string
  readonly linkTo: (id: string) => string
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ id, title, count }) => (
        <a key={id} href={linkTo(id)} aria-current={id === selected ? 'page' : undefined}>
          {title}
          {count !== undefined && <span class="count">{count}</span>}
        </a>
      ))}
    </nav>
  )
}

/** Buttons of which one is chosen. */
export function Segments<Id extends string>({
  label,
  options,
  selected,
  onSelect,
}: {
  readonly label: string
  readonly options: readonly { readonly id: Id; readonly title: ComponentChildren; readonly description?: string }[]
  readonly selected: Id | undefined
  readonly onSelect: (id: Id) => void
}) {
  return (
    <fieldset class="segments" aria-label={label}>
      {options.map(({ id, title, description }) => (
        <button key={id} type="button" aria-pressed={id === selected} title={description} onClick={() => onSelect(id)}>
          {title}
        </button>
      ))}
    </fieldset>
  )
}
