import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { changeProblem } from '../api/session.ts'

/**
 * A button that changes something in the process. If this page may not, it is disabled with the reason; it can still be reached, so that
 * the reason can be read without a mouse, too.
 */
export function ChangeButton({
  class: className = 'button',
  title,
  isBusy = false,
  onClick,
  children,
}: {
  readonly class?: string | undefined
  readonly title?: string | undefined
  /** Whether the change is on its way. */
  readonly isBusy?: boolean | undefined
  readonly onClick: () => void
  readonly children: ComponentChildren
}) {
  const isAsked = useSignal(false)
  const problem = changeProblem.value
  return (
    <>
      <button
        type="button"
        class={className}
        disabled={isBusy}
        aria-disabled={problem !== undefined}
        title={problem ?? title}
        onClick={() => {
          if (problem === undefined) onClick()
          else isAsked.value = !isAsked.value
        }}
      >
        {children}
      </button>
      {problem !== undefined && isAsked.value && <output class="change-problem">{problem}</output>}
    </>
  )
}
