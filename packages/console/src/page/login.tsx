import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { signIn } from './api/session.ts'
import { reconnectAfterSignIn } from './live/stream.ts'

/** Asks for the token. It is sent once and never stored by the page: the session is a cookie that scripts cannot read. */
export function Login() {
  const token = useSignal('')
  const problem = useSignal<string | undefined>(undefined)
  const isSending = useSignal(false)
  const fieldId = useId()
  const problemId = useId()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    isSending.value = true
    problem.value = undefined
    const result = await signIn(token.value)
    isSending.value = false
    if (result.ok) return void reconnectAfterSignIn()
    const { status, message, retryAfterMs } = result.error
    if (status === 401) problem.value = 'This token is not valid. It is the authToken of the monitor.'
    else if (status === 429) problem.value = `Too many attempts. Try again in ${Math.ceil((retryAfterMs ?? 60_000) / 1000)} s.`
    else problem.value = message
  }
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <img src="./icon.svg" alt="" width="36" height="36" />
        <h1>Sign in to Wombat</h1>
        <p class="muted">This monitor is protected by a token: its option authToken, or WOMBAT_AUTH_TOKEN in its environment.</p>
        <label for={fieldId}>Token</label>
        <input
          id={fieldId}
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={problem.value !== undefined}
          aria-describedby={problemId}
          value={token.value}
          onInput={({ currentTarget }) => {
            token.value = currentTarget.value
          }}
        />
        <p id={problemId} class="problem" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="button button-primary" disabled={isSending.value}>
          {isSending.value ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}
