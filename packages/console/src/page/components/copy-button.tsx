import { useSignal } from '@preact/signals'
import { Icon } from './icon.tsx'

/** Copies a text to the clipboard. It is not drawn if the browser does not allow it: without TLS, only for localhost. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const state = useSignal<'ready' | 'copied' | 'failed'>('ready')
  if (navigator.clipboard === undefined) return null
  const copy = async (): Promise<void> => {
    state.value = await navigator.clipboard.writeText(text).then(
      () => 'copied' as const,
      () => 'failed' as const,
    )
    setTimeout(() => {
      state.value = 'ready'
    }, 2000)
  }
  const words = { ready: label, copied: 'Copied', failed: 'The browser refused' }
  return (
    <button type="button" class="button button-quiet" onClick={() => void copy()}>
      <Icon name={state.value === 'copied' ? 'check' : 'copy'} />
      {words[state.value]}
    </button>
  )
}
