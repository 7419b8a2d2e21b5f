import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** Returns the reference for a `<details class="menu">`, which closes with Escape and with a click beside it. */
export function useMenu(): RefObject<HTMLDetailsElement | null> {
  const menu = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const closeOutside = ({ target }: Event): void => {
      if (menu.current !== null && !menu.current.contains(target as Node)) menu.current.open = false
    }
    const closeWithEscape = ({ key }: KeyboardEvent): void => {
      const { current } = menu
      if (key !== 'Escape' || current === null || !current.open) return
      // What had the focus in the menu cannot be seen any more.
      if (current.contains(document.activeElement)) current.querySelector('summary')?.focus()
      current.open = false
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('keydown', closeWithEscape)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('keydown', closeWithEscape)
    }
  }, [])
  return menu
}
