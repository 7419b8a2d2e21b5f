import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import { engineLines, engineParts } from './engine-text.ts'
import { AlertEntries, HealthEntries, HelpEntries, helpEntryCount } from './entries.tsx'
import { Heading } from './heading.tsx'
import { Line } from './line.tsx'
import { countNoticeLines, Notices } from './notices.tsx'
import type { PollState } from './poller.ts'
import type { Snapshot, StoreSnapshot } from './snapshot.ts'
import { EngineLines, StoreDetails, storeEntryCount } from './store-details.tsx'
import { Table } from './table.tsx'
import { buildStoreTable, buildTable, type TableModel } from './table-model.ts'
import { type KeyContext, selectedIndex, type ViewState } from './view-state.ts'

/** The size of the terminal in characters. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

interface ScreenProps extends PollState {
  readonly state: ViewState
  readonly size: Size
  readonly nowMs: number
}

/** Everything that the terminal shows. It fills the screen and never more. */
export function Screen({ snapshot, problem, state, size, nowMs }: ScreenProps): ReactNode {
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows} overflow="hidden">
      <Heading snapshot={snapshot} problem={problem} isPaused={state.isPaused} nowMs={nowMs} />
      {snapshot === undefined ? (
        <Box flexGrow={1} />
      ) : (
        <Box flexDirection="column" flexGrow={1} flexShrink={1} overflow="hidden">
          <Body snapshot={snapshot} state={state} size={size} />
        </Box>
      )}
      <Footer state={state} snapshot={snapshot} size={size} />
    </Box>
  )
}

/** The lines of the heading, the header of the table, the engine and the footer. */
const fixedLines = 5

/** How the lines between heading and footer are shared. */
interface Layout {
  readonly tableRows: number
  readonly noticeLines: number
}

/** Returns how many rows and notices are shown: notices get what the table leaves, and at least two fifths if they need it. */
function layOut(snapshot: Snapshot, rowCount: number, size: Size): Layout {
  const room = Math.max(1, size.rows - fixedLines)
  const wanted = countNoticeLines(snapshot)
  const reserved = Math.min(wanted, Math.floor(room * 0.4))
  const tableRows = Math.max(1, Math.min(rowCount, room - reserved))
  return { tableRows, noticeLines: Math.min(wanted, room - tableRows) }
}

function Body({
  snapshot,
  state,
  size,
}: {
  readonly snapshot: Snapshot
  readonly state: ViewState
  readonly size: Size
}): ReactNode {
  switch (state.view) {
    case 'store':
      return <StoreDetails snapshot={snapshot} state={state} width={size.columns} />
    case 'health':
      return <HealthEntries snapshot={snapshot} scroll={state.scroll} />
    case 'alerts':
      return <AlertEntries snapshot={snapshot} scroll={state.scroll} />
    case 'help':
      return <HelpEntries windowSeconds={snapshot.windowSeconds} scroll={state.scroll} />
    default:
      return <Overview snapshot={snapshot} state={state} size={size} />
  }
}

function Overview({
  snapshot,
  state,
  size,
}: {
  readonly snapshot: Snapshot
  readonly state: ViewState
  readonly size: Size
}): ReactNode {
  const table = buildTable(snapshot, state, size.columns - 1)
  const { tableRows, noticeLines } = layOut(snapshot, table.rows.length, size)
  const selected = selectedIndex(state, table.rows)
  const store = snapshot.stores.find((one) => one.store === table.rows[selected]?.store)
  return (
    <>
      <Table table={table} selected={selected} firstRow={firstRowOf(selected, tableRows, table)} rowCount={tableRows} />
      <Line>
        {store === undefined ? (
          <Text dimColor>{state.filter === '' ? 'No store yet.' : `Nothing matches ${JSON.stringify(state.filter)}.`}</Text>
        ) : (
          <>
            <Text color="cyan">{store.store}</Text>
            {`  ${engineParts(store).join('  ')}`}
          </>
        )}
      </Line>
      <Notices {...snapshot} nowMs={snapshot.timeMs} lineCount={noticeLines} />
      {store !== undefined && (
        <RestOfScreen
          snapshot={snapshot}
          store={store}
          state={state}
          size={size}
          lineCount={size.rows - fixedLines - tableRows - noticeLines}
        />
      )}
    </>
  )
}

interface RestProps {
  readonly snapshot: Snapshot
  readonly store: StoreSnapshot
  readonly state: ViewState
  readonly size: Size
  /** How many lines nothing else needs. */
  readonly lineCount: number
}

/** On a tall terminal, the operations and the engine of the selected store, as far as there is room for all of them. */
function RestOfScreen({ snapshot, store, state, size, lineCount }: RestProps): ReactNode {
  const table = buildStoreTable(snapshot, store.store, state, size.columns - 1)
  const engine = engineLines(store)
  // With an empty line before each of them, and the header of the table.
  const tableLines = table.rows.length + 2
  if (lineCount < tableLines) return null
  return (
    <>
      <Box marginTop={1} flexShrink={0}>
        <Table table={table} />
      </Box>
      {lineCount >= tableLines + engine.length + 1 && (
        <Box marginTop={1} flexShrink={0} flexDirection="column">
          <EngineLines lines={engine} />
        </Box>
      )}
    </>
  )
}

/** Returns the first row that is shown, so that the selected one is on the screen: in the middle, as far as there are rows on both sides. */
function firstRowOf(selected: number, tableRows: number, { rows }: TableModel): number {
  return Math.max(0, Math.min(selected - Math.floor(tableRows / 2), rows.length - tableRows))
}

interface FooterProps {
  readonly state: ViewState
  readonly snapshot: Snapshot | undefined
  readonly size: Size
}

function Footer({ state, snapshot, size }: FooterProps): ReactNode {
  if (state.isFiltering) {
    return (
      <Line>
        <Text color="cyan">{`filter: ${state.filter}▏`}</Text>
        <Text dimColor>{'  Enter keep, Esc remove'}</Text>
      </Line>
    )
  }
  const hints = hintsOf(state)
  const place = snapshot === undefined ? '' : placeText(snapshot, state, size)
  return (
    <Line>
      {place !== '' && <Text color="cyan">{`${place}  `}</Text>}
      <Text dimColor>{fitting(hints, size.columns - (place === '' ? 0 : place.length + 2)).join('  ')}</Text>
    </Line>
  )
}

/** The hints, the most important first. */
function hintsOf({ view, table }: ViewState): readonly string[] {
  const isTable = view === table
  const back = isTable ? [] : ['Esc back']
  const inTable = isTable ? ['↑↓ select', 'Enter open', 's sort', '/ filter'] : []
  const other = view === 'stores' ? 'o operations' : 'o stores'
  return ['q quit', '? help', ...back, ...inTable, other, 'h health', 'a alerts', 'r reverse', 'Space pause']
}

/** Returns the first hints that fit into a width. */
function fitting(hints: readonly string[], width: number): string[] {
  let left = width
  const chosen: string[] = []
  for (const hint of hints) {
    left -= hint.length + (chosen.length === 0 ? 0 : 2)
    if (left < 0) break
    chosen.push(hint)
  }
  return chosen
}

/** Returns which rows are shown if not all are, and the filter. */
function placeText(snapshot: Snapshot, state: ViewState, size: Size): string {
  if (state.view !== state.table) return ''
  const table = buildTable(snapshot, state, size.columns - 1)
  const { tableRows } = layOut(snapshot, table.rows.length, size)
  const first = firstRowOf(selectedIndex(state, table.rows), tableRows, table)
  const count = table.rows.length
  const range = count > tableRows ? `${first + 1}-${first + tableRows} of ${count}` : ''
  const filter = state.filter === '' ? '' : `/${state.filter} ${count} of ${table.rowCount}`
  return [filter, range].filter((part) => part !== '').join('  ')
}

/** Returns what the keys refer to. */
export function keyContext(snapshot: Snapshot | undefined, state: ViewState, size: Size): KeyContext {
  if (snapshot === undefined) return { rows: [], sortNames: [], pageSize: 1, entryCount: 0 }
  const width = size.columns - 1
  const isTable = state.view === state.table
  const { openStore = '' } = state
  const table = state.view === 'store' ? buildStoreTable(snapshot, openStore, state, width) : buildTable(snapshot, state, width)
  const pageSize = isTable ? layOut(snapshot, table.rows.length, size).tableRows : size.rows - fixedLines
  return { ...table, pageSize: Math.max(1, pageSize), entryCount: entryCount(snapshot, state) }
}

function entryCount(snapshot: Snapshot, { view, openStore = '' }: ViewState): number {
  if (view === 'store') return storeEntryCount(snapshot, openStore)
  return view === 'health' ? snapshot.findings.length : view === 'alerts' ? snapshot.alerts.length : helpEntryCount
}
