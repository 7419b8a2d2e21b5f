import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** Told which elements come near the part of the page that is seen. One observer for all of them. */
const callbacks = new WeakMap<Element, (isVisible: boolean) => void>()
const observer = new IntersectionObserver(
  (changes) => {
    for (const { target, isIntersecting } of changes) callbacks.get(target)?.(isIntersecting)
  },
  { rootMargin: '200px' },
)

/** Returns whether an element is on the screen or near it, so that what cannot be seen is neither drawn nor asked for. */
export function useVisible<Element extends HTMLElement>(): [RefObject<Element | null>, boolean] {
  const element = useRef<Element>(null)
  const [isVisible, setIsVisible] = useState(false)
  useEffect(() => {
    const { current } = element
    if (current === null) return
    callbacks.set(current, setIsVisible)
    observer.observe(current)
    return () => observer.unobserve(current)
  }, [])
  return [element, isVisible]
}
