import { batch, computed, signal } from '@preact/signals'
import { addressOf, clockOffsetMs, get, isSignedOut, serverNowMs } from '../api/client.ts'
import { refreshSession, session } from '../api/session.ts'
import type { TimelineEvent } from '../api/types.ts'
import { EventStore } from './event-store.ts'

/** `polling`: there is no stream, so the page asks every 10 s. `reconnecting`: nothing has arrived since `sinceMs`, for longer than a reconnect takes. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'polling' }
  | { readonly state: 'reconnecting'; readonly sinceMs: number }
  | { readonly state: 'signed_out' }

/** The state of the connection to the monitor. */
export const connection = signal<Connection>({ state: 'connecting' })

/** When the history got its last sample, on the clock of the server; undefined until it is known. */
export const lastSampleMs = signal<number | undefined>(undefined)

/** Grows when everything that was asked before is no longer true: the process was restarted, or a reader signed in. */
export const dataEpoch = signal(0)

/** How many events the monitor no longer had when this page asked for them. */
export const missedEvents = signal(0)

const store = new EventStore()
const eventsVersion = signal(0)

/** The events of the process that the page knows, by the time they began. */
export const timelineEvents = computed<readonly TimelineEvent[]>(() => {
  eventsVersion.value
  return store.list()
})

const pollMs = 10_000
const firstRetryMs = 1000
const maxRetryMs = 15_000
/** A stream that ends is opened again after 2 s, and a proxy that is reloaded is away for about as long: neither is worth a word. */
const maxSilenceMs = 6000
let source: EventSource | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let silenceTimer: ReturnType<typeof setTimeout> | undefined
let arrivedAtMs = Date.now()
let retryMs = firstRetryMs
let startedAtMs: number | undefined

/** Follows the monitor from now on. Called once, and again after a sign-in. */
export async function connect(): Promise<void> {
  disconnect()
  const result = await refreshSession()
  if (!result.ok) return result.error.kind === 'signed_out' ? waitForSignIn() : retry()
  if (isSignedOut.peek()) return waitForSignIn()
  noticeRestart(result.value.startedAtMs)
  openStream()
}

/** Ends the stream and every timer of it. */
export function disconnect(): void {
  source?.close()
  source = undefined
  clearTimeout(timer)
  clearTimeout(silenceTimer)
}

function openStream(): void {
  const { lastId } = store
  const stream = new EventSource(addressOf('api/v1/events/stream', { since: lastId }))
  source = stream
  let hasOpened = false
  stream.addEventListener('open', () => {
    if (hasOpened) void noticeRestartAfterReconnect()
    hasOpened = true
    retryMs = firstRetryMs
    batch(() => {
      markAnswer('live')
      // Until the first sample, so that what is shown is not older than the connection.
      lastSampleMs.value ??= serverNowMs()
    })
  })
  stream.addEventListener('sample', ({ data }) => {
    arrivedAtMs = Date.now()
    const { timeMs } = JSON.parse(data) as { timeMs: number }
    recordSample(timeMs)
  })
  stream.addEventListener('change', ({ data }) => addEvents([JSON.parse(data) as TimelineEvent]))
  stream.addEventListener('missed', ({ data }) => {
    const { missed } = JSON.parse(data) as { missed: number }
    missedEvents.value += missed
  })
  stream.addEventListener('error', () => {
    expectAnswer()
    // Without an answer, the browser tries again by itself, with the last id. After an answer with an error, it never does.
    if (stream.readyState !== EventSource.CLOSED) return
    stream.close()
    void afterRefusal()
  })
}

/** The browser does not tell which status the stream was refused with: another request does. */
async function afterRefusal(): Promise<void> {
  const result = await refreshSession()
  if (!result.ok) return result.error.kind === 'signed_out' ? waitForSignIn() : retry()
  if (isSignedOut.peek()) return waitForSignIn()
  noticeRestart(result.value.startedAtMs)
  await poll()
}

/** Asks for what the stream would send, and for the stream again every minute. */
async function poll(rounds = 0): Promise<void> {
  const result = await get('api/v1/events', { since: store.lastId, limit: 1000 })
  if (!result.ok && result.error.kind === 'network') return retry()
  if (!result.ok && result.error.kind === 'signed_out') return waitForSignIn()
  retryMs = firstRetryMs
  batch(() => {
    if (result.ok) {
      addEvents(result.value.events)
      missedEvents.value += result.value.missed
    }
    markAnswer('polling')
    recordSample(serverNowMs())
  })
  timer = setTimeout(() => (rounds === 5 ? openStream() : void poll(rounds + 1)), pollMs)
}

function retry(): void {
  expectAnswer()
  clearTimeout(timer)
  timer = setTimeout(() => void connect(), retryMs)
  retryMs = Math.min(retryMs * 2, maxRetryMs)
}

function waitForSignIn(): void {
  disconnect()
  connection.value = { state: 'signed_out' }
}

function markAnswer(state: 'live' | 'polling'): void {
  arrivedAtMs = Date.now()
  clearTimeout(silenceTimer)
  silenceTimer = undefined
  if (connection.peek().state !== state) connection.value = { state }
}

/** Says that there is no answer if nothing arrives soon. */
function expectAnswer(): void {
  if (silenceTimer !== undefined || connection.peek().state === 'reconnecting') return
  const sinceMs = arrivedAtMs
  silenceTimer = setTimeout(
    () => {
      silenceTimer = undefined
      connection.value = { state: 'reconnecting', sinceMs }
    },
    Math.max(0, sinceMs + maxSilenceMs - Date.now()),
  )
}

function recordSample(timeMs: number): void {
  const aheadMs = timeMs - Date.now()
  batch(() => {
    if (Math.abs(aheadMs - clockOffsetMs.peek()) > 5000) clockOffsetMs.value = aheadMs
    lastSampleMs.value = timeMs
  })
}

function addEvents(events: readonly TimelineEvent[]): void {
  if (events.length === 0) return
  store.add(events)
  scheduleVersion()
}

let isVersionDue = false
/** A stream that begins sends hundreds of events one by one: they are one change. */
function scheduleVersion(): void {
  if (isVersionDue) return
  isVersionDue = true
  setTimeout(() => {
    isVersionDue = false
    eventsVersion.value++
  }, 50)
}

/** After a restart all numbers are others: the counters began again, and so did the events. */
function noticeRestart(processStartedAtMs: number | undefined): void {
  const isRestart = startedAtMs !== undefined && processStartedAtMs !== undefined && startedAtMs !== processStartedAtMs
  startedAtMs = processStartedAtMs ?? startedAtMs
  if (!isRestart) return
  batch(() => {
    store.clear()
    missedEvents.value = 0
    eventsVersion.value++
    dataEpoch.value++
  })
}

/** The new process may have sent its events before the restart was noticed, so they are asked for again. */
async function noticeRestartAfterReconnect(): Promise<void> {
  const result = await refreshSession()
  if (!result.ok) return
  const epoch = dataEpoch.peek()
  noticeRestart(result.value.startedAtMs)
  if (epoch === dataEpoch.peek()) return
  source?.close()
  openStream()
}

/** Goes on after the reader has signed in. */
export async function reconnectAfterSignIn(): Promise<void> {
  dataEpoch.value++
  await connect()
}

/** The name of the service that is watched. */
export const serviceName = computed(() => session.value?.service?.name)
