import { useApp, useInput, useWindowSize } from 'ink'
import { type ReactNode, useRef, useState, useSyncExternalStore } from 'react'
import type { Poller } from './poller.ts'
import { keyContext, Screen } from './screen.tsx'
import { type PressedKey, pressKey, type ViewState } from './view-state.ts'

interface AppProps {
  readonly poller: Poller
  readonly initial: ViewState
}

/** The live view: what the poller knows, on the whole screen, and the keys. */
export function App({ poller, initial }: AppProps): ReactNode {
  const size = useWindowSize()
  const { exit } = useApp()
  const poll = useSyncExternalStore(poller.subscribe, poller.getState)
  const [state, setState] = useState(initial)
  // Keys that arrive together are pressed before the next drawing.
  const current = useRef(initial)

  const press = (input: string, key: Partial<PressedKey>): void => {
    const next = pressKey(current.current, input, key, keyContext(poll.snapshot, current.current, size))
    if (next === undefined) {
      exit()
      return
    }
    current.current = next
    setState(next)
    poller.pause(next.isPaused)
  }
  useInput((input, key) => {
    // A text without a named key may be several keys.
    if (input.length <= 1) press(input, key)
    else for (const character of input) press(character, character === '\r' ? { return: true } : {})
  })
  return <Screen {...poll} state={state} size={size} nowMs={Date.now()} />
}
