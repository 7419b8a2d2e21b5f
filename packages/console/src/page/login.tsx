import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { hasSessionEnded, refreshSession, session, signIn } from './api/session.ts'
import { Segments } from './components/tabs.tsx'
import { reconnectAfterSignIn } from './live/stream.ts'

/** What readers sign in with, and what the answer to a wrong one is. */
const ways = {
  token: {
    title: 'Token',
    note: 'This monitor is protected by a token: its option authToken (WOMBAT_AUTH_TOKEN in its environment), or another one that it accepts.',
    wrong: 'This token is not valid. It is the authToken of the monitor, or one of its authTokenFile.',
  },
  password: {
    title: 'Password',
    note: 'This monitor is protected by passwords: its option authUsersFile names the file with the users.',
    wrong: 'The user or the password is wrong.',
  },
} as const

/**
 * Asks for a token or a password. It is sent once and never stored by the page: the session is a cookie that scripts cannot read. The address stays, so
 * that the view returns after the sign-in.
 */
export function Login() {
  const secret = useSignal('')
  const user = useSignal('')
  const chosen = useSignal<keyof typeof ways>('token')
  const accepted = session.value?.authentication
  const way = accepted === 'password' ? 'password' : accepted === 'both' ? chosen.value : 'token'
  const { title, note, wrong } = ways[way]
  const problem = useSignal<string | undefined>(undefined)
  const isSending = useSignal(false)
  const wait = useWait(() => {
    problem.value = undefined
  })
  const fieldId = useId()
  const userId = useId()
  const problemId = useId()
  const field = useRef<HTMLInputElement>(null)
  const firstField = useRef<HTMLInputElement>(null)
  useEffect(() => (firstField.current ?? field.current)?.focus(), [way])
  useEffect(() => {
    // Another tab may have signed in.
    const look = async (): Promise<void> => {
      if (document.visibilityState !== 'visible') return
      const result = await refreshSession()
      if (result.ok && result.value.signedIn) await reconnectAfterSignIn()
    }
    const listener = (): void => void look()
    document.addEventListener('visibilitychange', listener)
    return () => document.removeEventListener('visibilitychange', listener)
  }, [])
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (isSending.value || wait.seconds > 0) return
    isSending.value = true
    problem.value = undefined
    const result = await signIn(way === 'token' ? { token: secret.value } : { user: user.value, password: secret.value })
    isSending.value = false
    if (result.ok) return void reconnectAfterSignIn()
    const { status, message, retryAfterMs = 60_000 } = result.error
    if (status === 429) wait.start(retryAfterMs)
    if (status === 401) problem.value = wrong
    else if (status === 429) problem.value = `Too many attempts. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`
    else problem.value = `Could not sign in: ${message}`
    field.current?.select()
  }
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <img src="./icon.svg" alt="" width="36" height="36" />
        <h1>Sign in to Wombat</h1>
        {hasSessionEnded.value && (
          <p class="notice notice-warning">Your session has ended. Sign in to continue where you were.</p>
        )}
        {accepted === 'both' && (
          <Segments
            label="Sign in with"
            options={[
              { id: 'token', title: ways.token.title },
              { id: 'password', title: ways.password.title },
            ]}
            selected={way}
            onSelect={(id) => {
              chosen.value = id
              secret.value = ''
              problem.value = undefined
            }}
          />
        )}
        <p class="muted">{note}</p>
        {way === 'password' && (
          <>
            <label for={userId}>User</label>
            <input
              id={userId}
              ref={firstField}
              type="text"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              value={user.value}
              onInput={({ currentTarget }) => {
                user.value = currentTarget.value
              }}
            />
          </>
        )}
        <label for={fieldId}>{title}</label>
        <input
          id={fieldId}
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={problem.value !== undefined}
          aria-describedby={problemId}
          value={secret.value}
          onInput={({ currentTarget }) => {
            secret.value = currentTarget.value
          }}
        />
        <p id={problemId} class="problem" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="button button-primary" disabled={isSending.value || wait.seconds > 0}>
          {isSending.value ? 'Signing in …' : wait.seconds > 0 ? `Wait ${wait.seconds} s` : 'Sign in'}
        </button>
      </form>
    </main>
  )
}

/** Counts down the time until the server accepts the next attempt. */
function useWait(onEnd: () => void): { readonly seconds: number; readonly start: (milliseconds: number) => void } {
  const untilMs = useSignal(0)
  const seconds = useSignal(0)
  useEffect(() => {
    if (untilMs.peek() === 0) return
    const count = (): void => {
      seconds.value = Math.max(0, Math.ceil((untilMs.peek() - Date.now()) / 1000))
      if (seconds.peek() > 0) return
      clearInterval(timer)
      onEnd()
    }
    const timer = setInterval(count, 250)
    count()
    return () => clearInterval(timer)
  }, [untilMs.value])
  return {
    seconds: seconds.value,
    start: (milliseconds) => {
      untilMs.value = Date.now() + milliseconds
    },
  }
}
