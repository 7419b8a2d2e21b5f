import type { Key } from 'ink'

/** What the terminal shows. `store` is one store, the others are lists. */
export type View = 'stores' | 'operations' | 'store' | 'health' | 'alerts' | 'help'

/** What the user has chosen. */
export interface ViewState {
  readonly view: View
  /** The tables that `o` toggles: where Escape leads back to. */
  readonly table: 'stores' | 'operations'
  /** The row that is selected, by its key, so that it stays selected when the order changes. */
  readonly selected: string | undefined
  /** The store that is open in the view `store`. */
  readonly openStore: string | undefined
  readonly sort: string
  readonly isReversed: boolean
  readonly filter: string
  readonly isFiltering: boolean
  readonly isPaused: boolean
  /** How many entries of a list are scrolled away. */
  readonly scroll: number
}

/** What the keys refer to. */
export interface KeyContext {
  /** The keys of the rows of the table, in their order, and the store of each. */
  readonly rows: ReadonlyArray<{ readonly key: string; readonly store: string }>
  /** The names of the columns that the table can be sorted by. */
  readonly sortNames: readonly string[]
  /** How many rows or entries fit on the screen. */
  readonly pageSize: number
  /** How many entries the list has that is shown. */
  readonly entryCount: number
}

export function initialState(sort: string, filter: string): ViewState {
  return {
    view: 'stores',
    table: 'stores',
    selected: undefined,
    openStore: undefined,
    sort,
    isReversed: false,
    filter,
    isFiltering: false,
    isPaused: false,
    scroll: 0,
  }
}

/** The keys that Ink gives a name, as far as they mean something here. */
export type PressedKey = Pick<
  Key,
  | 'upArrow'
  | 'downArrow'
  | 'leftArrow'
  | 'rightArrow'
  | 'pageUp'
  | 'pageDown'
  | 'home'
  | 'end'
  | 'return'
  | 'escape'
  | 'backspace'
  | 'delete'
>

/** Returns what is shown after a key; undefined if it ends the program. */
export function pressKey(state: ViewState, input: string, key: Partial<PressedKey>, context: KeyContext): ViewState | undefined {
  if (state.isFiltering) return typeFilter(state, input, key)
  const step = movement(input, key, context.pageSize)
  if (step !== undefined) return move(state, step, context)
  if (key.return || key.rightArrow) return open(state, context)
  if (key.escape || key.leftArrow || key.backspace) return goBack(state)
  switch (input) {
    case 'q':
      return undefined
    case ' ':
      return { ...state, isPaused: !state.isPaused }
    case '/':
      return { ...state, view: state.table, isFiltering: true }
    case 's':
      return { ...state, sort: nextSort(state.sort, context.sortNames), isReversed: false }
    case 'r':
      return { ...state, isReversed: !state.isReversed }
    case 'o': {
      const table = state.view === 'stores' ? 'operations' : 'stores'
      return { ...state, view: table, table, selected: undefined, scroll: 0 }
    }
    case 'h':
      return toggle(state, 'health')
    case 'a':
      return toggle(state, 'alerts')
    case '?':
      return toggle(state, 'help')
    default:
      return state
  }
}

function typeFilter(state: ViewState, input: string, key: Partial<PressedKey>): ViewState {
  if (key.return) return { ...state, isFiltering: false }
  if (key.escape) return { ...state, isFiltering: false, filter: '' }
  if (key.backspace || key.delete) return { ...state, filter: [...state.filter].slice(0, -1).join('') }
  return { ...state, filter: state.filter + input.replace(/\p{Cc}/gu, '') }
}

/** Returns by how many rows a key moves. */
function movement(input: string, key: Partial<PressedKey>, pageSize: number): number | undefined {
  if (key.upArrow || input === 'k') return -1
  if (key.downArrow || input === 'j') return 1
  if (key.pageUp) return -pageSize
  if (key.pageDown) return pageSize
  if (key.home || input === 'g') return Number.NEGATIVE_INFINITY
  if (key.end || input === 'G') return Number.POSITIVE_INFINITY
  return undefined
}

function move(state: ViewState, step: number, { rows, entryCount }: KeyContext): ViewState {
  if (state.view === 'stores' || state.view === 'operations') {
    const index = selectedIndex(state, rows)
    return { ...state, selected: rows[clamp(index + step, rows.length)]?.key }
  }
  return { ...state, scroll: clamp(state.scroll + step, entryCount) }
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(index, count - 1))
}

/** Returns the place of the selected row; the first one if it is no longer there. */
export function selectedIndex({ selected }: ViewState, rows: KeyContext['rows']): number {
  return Math.max(
    0,
    rows.findIndex(({ key }) => key === selected),
  )
}

function open(state: ViewState, { rows }: KeyContext): ViewState {
  if (state.view !== 'stores' && state.view !== 'operations') return state
  const openStore = rows[selectedIndex(state, rows)]?.store
  return openStore === undefined ? state : { ...state, view: 'store', openStore, scroll: 0 }
}

function goBack(state: ViewState): ViewState {
  if (state.view === state.table) return { ...state, filter: '' }
  return { ...state, view: state.table, scroll: 0 }
}

function toggle(state: ViewState, view: View): ViewState {
  return { ...state, view: state.view === view ? state.table : view, scroll: 0 }
}

function nextSort(current: string, names: readonly string[]): string {
  return names[(names.indexOf(current) + 1) % names.length] ?? current
}
