import { signal } from '@preact/signals'
import type { GetAnswers, PostAnswers } from './types.ts'

/** Why a request failed, for people and for code. */
export interface ApiError {
  /** `signed_out`: a token is needed. `network`: no answer. `aborted`: nobody waits for it. `http`: any other status. */
  readonly kind: 'signed_out' | 'network' | 'aborted' | 'http'
  readonly status?: number
  /** One sentence: the `error` of the answer if it has one. */
  readonly message: string
  /** When to ask again, if the server has said so. */
  readonly retryAfterMs?: number
}

export type Result<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: ApiError }

export type ParameterValue = string | number | boolean | readonly (string | number)[] | undefined
export type Parameters = Readonly<Record<string, ParameterValue>>

/** Whether the server wants a token: the last answer was 401. The session sets it back. */
export const isSignedOut = signal(false)

/** The token that changing requests carry, of the session. */
export const csrfToken = signal<string | undefined>(undefined)

/** How much the clock of the server is ahead of that of this browser, as far as answers have shown. */
export const clockOffsetMs = signal(0)

/** Returns the time on the clock of the server. */
export function serverNowMs(): number {
  return Date.now() + clockOffsetMs.peek()
}

/** Returns the address of a path below the page, so that the page works under any prefix. */
export function addressOf(path: string, parameters: Parameters = {}): URL {
  const url = new URL(path, document.baseURI)
  url.hash = ''
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one))
  }
  return url
}

/** Asks for JSON. */
export function get<Path extends keyof GetAnswers>(
  path: Path,
  parameters?: Parameters,
  signal?: AbortSignal,
): Promise<Result<GetAnswers[Path]>> {
  return send(addressOf(path, parameters), { ...(signal && { signal }) })
}

/** Asks for a text, for example the runbook. */
export async function getText(path: string, signal?: AbortSignal): Promise<Result<string>> {
  const response = await request(addressOf(path), { ...(signal && { signal }) })
  if (!response.ok) return response
  try {
    return { ok: true, value: await response.value.text() }
  } catch (error) {
    return { ok: false, error: readFailure(error) }
  }
}

/** Changes something. */
export function post<Path extends keyof PostAnswers>(path: Path, body: unknown = {}): Promise<Result<PostAnswers[Path]>> {
  return change(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Removes something. */
export function remove(path: string): Promise<Result<undefined>> {
  return change(path, { method: 'DELETE' })
}

/** Sends a change. If another tab has signed in anew, the token is not that of the session any more: it is asked for, once. */
async function change<Value>(path: string, init: RequestInit): Promise<Result<Value>> {
  const sent = csrfToken.peek()
  const attempt = (): Promise<Result<Value>> =>
    send(addressOf(path), { ...init, headers: { ...(init.headers as Record<string, string>), ...csrfHeader() } })
  const result = await attempt()
  if (result.ok || result.error.status !== 403 || sent === undefined) return result
  const session = await get('api/v1/session')
  if (!session.ok || session.value.csrfToken === undefined || session.value.csrfToken === sent) return result
  csrfToken.value = session.value.csrfToken
  return attempt()
}

function csrfHeader(): Record<string, string> {
  const token = csrfToken.peek()
  return token === undefined ? {} : { 'x-wombat-csrf': token }
}

async function send<Value>(url: URL, init: RequestInit): Promise<Result<Value>> {
  const response = await request(url, init)
  if (!response.ok) return response
  try {
    const text = await response.value.text()
    return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as Value }
  } catch (error) {
    if (error instanceof SyntaxError) {
      const message = `${url.pathname} did not answer with JSON: something between this page and the monitor answers instead of it`
      return { ok: false, error: { kind: 'http', status: response.value.status, message } }
    }
    return { ok: false, error: readFailure(error) }
  }
}

/** Sends a request. A status of 400 and more is an error with the text of the server. */
async function request(url: URL, init: RequestInit): Promise<Result<Response>> {
  let response: Response
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init })
  } catch (error) {
    return { ok: false, error: readFailure(error) }
  }
  learnClockOffset(response)
  if (response.ok) return { ok: true, value: response }
  // A wrong token is the answer to a sign-in; anywhere else it means that the session has ended.
  const isSignIn = url.pathname.endsWith('api/v1/session') && init.method === 'POST'
  if (response.status === 401 && !isSignIn) isSignedOut.value = true
  const retryAfterSeconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return {
    ok: false,
    error: {
      kind: response.status === 401 ? 'signed_out' : 'http',
      status: response.status,
      message: await readErrorText(response, url),
      ...(retryAfterSeconds > 0 && { retryAfterMs: retryAfterSeconds * 1000 }),
    },
  }
}

function readFailure(error: unknown): ApiError {
  if (error instanceof DOMException && error.name === 'AbortError') return { kind: 'aborted', message: 'canceled' }
  return { kind: 'network', message: 'no answer from the monitor' }
}

async function readErrorText(response: Response, url: URL): Promise<string> {
  const fallback = `${url.pathname} answered ${response.status}${response.statusText === '' ? '' : ` ${response.statusText}`}`
  const text = await response.text().catch(() => '')
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    return typeof error === 'string' ? error : fallback
  } catch {
    return fallback
  }
}

/** The header has whole seconds and is late by the time the answer took, so that small differences are none. */
function learnClockOffset(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(date)) return
  const offsetMs = date + 500 - Date.now()
  clockOffsetMs.value = Math.abs(offsetMs) < 2000 ? 0 : offsetMs
}
