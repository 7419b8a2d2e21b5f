import { useSignal } from '@preact/signals'
import { needsSignIn, session, signOut } from './api/session.ts'
import { MarksMenu } from './charts/marks.tsx'
import { Dialog } from './components/dialog.tsx'
import { Icon, type IconName } from './components/icon.tsx'
import { Segments } from './components/tabs.tsx'
import { selectedStore, useStores } from './data/stores.ts'
import {
  chosenRange,
  isPaused,
  isRangeCut,
  nowMs,
  offeredRanges,
  pause,
  showLive,
  showRange,
  timeRange,
  zoomTo,
} from './data/time-range.ts'
import { formatDuration } from './format/durations.ts'
import { formatClock, formatFullTime, formatRelativeTime, formatShortTime, toInputTime } from './format/times.ts'
import { connect, connection } from './live/stream.ts'
import { setSharedParameters } from './router.ts'
import { type ThemeChoice, themeChoice } from './theme/theme.ts'
import type { View } from './views/registry.ts'

/** What is looked at and when, the state of the connection, theme and account. */
export function TopBar({ view, onMenu }: { readonly view: View; readonly onMenu: () => void }) {
  return (
    <header class="top-bar">
      <div class="top-title">
        <button type="button" class="button button-icon" aria-label="Menu" onClick={onMenu}>
          <Icon name="menu" />
        </button>
        <h1 id="view-title" tabIndex={-1}>
          {view.title}
        </h1>
      </div>
      <div class="top-choices">
        {view.hasStore && <StoreSelector />}
        {view.hasRange && <RangeSelector />}
        {view.hasRange && <MarksMenu />}
      </div>
      <div class="top-state">
        <LiveButton />
        <ConnectionState />
        <ThemeButton />
        {needsSignIn.value && <SignOutButton />}
      </div>
    </header>
  )
}

function SignOutButton() {
  const problem = useSignal<string | undefined>(undefined)
  const { user, scope } = session.value ?? {}
  const leave = async (): Promise<void> => {
    const result = await signOut()
    problem.value = result.ok ? undefined : result.error.message
    if (result.ok) await connect()
  }
  return (
    <>
      {problem.value !== undefined && (
        <span class="failed" role="alert">
          Still signed in: {problem.value}
        </span>
      )}
      <button
        type="button"
        class="button button-icon button-quiet"
        aria-label="Sign out"
        title={user === undefined ? 'Sign out' : `Sign out ${user} (${scope})`}
        onClick={() => void leave()}
      >
        <Icon name="account" />
      </button>
    </>
  )
}

function StoreSelector() {
  const { value } = useStores()
  const names = value?.stores.map(({ store }) => store) ?? []
  const selected = selectedStore.value
  // A store of an address may have been closed since.
  const offered = selected === undefined || names.includes(selected) ? names : [selected, ...names]
  return (
    <select
      aria-label="Store"
      class="control"
      value={selected ?? ''}
      onChange={({ currentTarget }) => setSharedParameters({ store: currentTarget.value || undefined })}
    >
      <option value="">All stores</option>
      {offered.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  )
}

function RangeSelector() {
  const isCustomOpen = useSignal(false)
  const { range, startMs, endMs } = timeRange.value
  const isOffered = (offeredRanges as readonly string[]).includes(chosenRange.value)
  const ranges = isOffered ? offeredRanges : [...offeredRanges, chosenRange.value]
  return (
    <>
      <Segments
        label="Time range"
        options={ranges.map((id) => ({ id, title: id, description: describeRange(id) }))}
        selected={range}
        onSelect={showRange}
      />
      {isRangeCut.value && (
        <span class="muted roomy-only" title={`Nothing is known before ${formatFullTime(startMs)}`}>
          since the start {formatRelativeTime(startMs, endMs)}
        </span>
      )}
      <button
        type="button"
        class={`button${range === undefined ? ' button-chosen' : ''}`}
        title="Choose from when to when"
        onClick={() => {
          isCustomOpen.value = true
        }}
      >
        <Icon name="calendar" />
        {range === undefined ? (
          <span title={`${formatFullTime(startMs)} to ${formatFullTime(endMs)}`}>
            {formatShortTime(startMs, nowMs.value)} – {formatShortTime(endMs, nowMs.value)}
          </span>
        ) : (
          <span class="wide-only">Custom</span>
        )}
      </button>
      {isCustomOpen.value && (
        <CustomRange
          onClose={() => {
            isCustomOpen.value = false
          }}
        />
      )}
    </>
  )
}

function describeRange(range: string): string {
  const { startMs, endMs } = timeRange.value
  const isCut = isRangeCut.value && range === timeRange.value.range
  return isCut ? `The last ${range}, since the start ${formatRelativeTime(startMs, endMs)}` : `The last ${range}`
}

function CustomRange({ onClose }: { readonly onClose: () => void }) {
  const from = useSignal(toInputTime(timeRange.peek().startMs))
  const to = useSignal(toInputTime(timeRange.peek().endMs))
  const fromMs = new Date(from.value).getTime()
  const toMs = new Date(to.value).getTime()
  const isValid = toMs > fromMs
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!isValid) return
    zoomTo(fromMs, toMs)
    onClose()
  }
  return (
    <Dialog title="Time range" onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <label>
          From
          <input
            type="datetime-local"
            step="1"
            class="control"
            required
            value={from.value}
            onInput={({ currentTarget }) => {
              from.value = currentTarget.value
            }}
          />
        </label>
        <label>
          To
          <input
            type="datetime-local"
            step="1"
            class="control"
            required
            value={to.value}
            onInput={({ currentTarget }) => {
              to.value = currentTarget.value
            }}
          />
        </label>
        <p class="muted">
          {isValid
            ? `${formatDuration((toMs - fromMs) / 1000)}, in the time of this browser.`
            : 'The end must be after the start.'}{' '}
          Dragging over any chart chooses a range too; a double click returns.
        </p>
        <button type="submit" class="button button-primary" disabled={!isValid}>
          Show
        </button>
      </form>
    </Dialog>
  )
}

/** Stops the page, or returns to now. */
function LiveButton() {
  const isMoving = timeRange.value.range !== undefined && !isPaused.value
  return (
    <button
      type="button"
      class={`button${isMoving ? ' button-quiet' : ' button-primary'}`}
      title={isMoving ? 'Stop: ask for nothing more' : 'Return to now'}
      onClick={isMoving ? pause : showLive}
    >
      <Icon name={isMoving ? 'pause' : 'play'} />
      {isMoving ? <span class="wide-only">Pause</span> : <span>{isPaused.value ? 'Resume' : 'Now'}</span>}
    </button>
  )
}

function ConnectionState() {
  const state = connection.value
  const words = {
    connecting: 'Connecting',
    live: 'Live',
    polling: 'Every 10 s',
    reconnecting: 'No answer',
    signed_out: 'Signed out',
  } as const
  const titles = {
    connecting: 'Waiting for the first answer of the monitor',
    live: `Samples arrive as they are taken, the last one at ${formatClock(nowMs.value)}`,
    polling: 'The monitor has no stream, or something in between does not let it through: the page asks every 10 s',
    reconnecting: 'The monitor does not answer; the page tries again',
    signed_out: 'Sign in to see more',
  } as const
  return (
    <span class={`connection connection-${state.state}`} title={titles[state.state]}>
      <svg viewBox="0 0 10 10" aria-hidden="true" focusable="false">
        {state.state === 'reconnecting' || state.state === 'signed_out' ? (
          <path d="M2 2l6 6M8 2l-6 6" />
        ) : (
          <circle cx="5" cy="5" r="4" />
        )}
      </svg>
      <output>{words[state.state]}</output>
    </span>
  )
}

function ThemeButton() {
  const next: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: 'dark', dark: 'light', light: 'system' }
  const icons: Readonly<Record<ThemeChoice, IconName>> = { system: 'system', dark: 'moon', light: 'sun' }
  const choice = themeChoice.value
  const label = `Theme: ${choice}. Change to ${next[choice]}`
  return (
    <button
      type="button"
      class="button button-icon button-quiet"
      aria-label={label}
      title={label}
      onClick={() => {
        themeChoice.value = next[choice]
      }}
    >
      <Icon name={icons[choice]} />
    </button>
  )
}

/** Says what is wrong with the connection, if something is. */
export function ConnectionBanner() {
  const state = connection.value
  if (state.state !== 'reconnecting') return null
  return (
    <div class="banner banner-warning" role="alert">
      No answer since {formatClock(state.sinceMs)}, trying again. What is shown is from before.
    </div>
  )
}
