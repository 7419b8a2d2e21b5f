import { computed, effect, signal } from '@preact/signals'

export type ThemeChoice = 'system' | 'light' | 'dark'

const storageKey = 'wombat-theme'
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')
const systemTheme = signal<'light' | 'dark'>(systemIsDark.matches ? 'dark' : 'light')
systemIsDark.addEventListener('change', ({ matches }) => {
  systemTheme.value = matches ? 'dark' : 'light'
})

/** What the reader chose. */
export const themeChoice = signal<ThemeChoice>(readChoice())

/** The theme that is shown. */
export const theme = computed(() => (themeChoice.value === 'system' ? systemTheme.value : themeChoice.value))

effect(() => {
  const choice = themeChoice.value
  if (choice === 'system') document.documentElement.removeAttribute('data-theme')
  else document.documentElement.setAttribute('data-theme', choice)
  try {
    localStorage.setItem(storageKey, choice)
  } catch {
    // A browser may refuse to store anything: the choice then lasts as long as the page.
  }
})

function readChoice(): ThemeChoice {
  try {
    const stored = localStorage.getItem(storageKey)
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch {
    return 'system'
  }
}

/** Colors for a canvas, which cannot read CSS variables. */
const probe = document.createElement('span')
probe.hidden = true
let colors = new Map<string, string>()
let colorsOf: string | undefined

/** Returns a color token of the current theme, resolved, for example `color('--accent')`. Read `theme.value` to be told of changes. */
export function color(token: string): string {
  if (colorsOf !== theme.value) {
    colors = new Map()
    colorsOf = theme.value
  }
  let resolved = colors.get(token)
  if (resolved === undefined) {
    if (!probe.isConnected) document.body.append(probe)
    probe.style.color = `var(${token})`
    resolved = getComputedStyle(probe).color
    colors.set(token, resolved)
  }
  return resolved
}

/** Returns a color with another opacity. */
export function withAlpha(resolved: string, alpha: number): string {
  const [, parts] = /^rgb\((.+)\)$/.exec(resolved) ?? []
  return parts === undefined ? resolved : `rgba(${parts}, ${alpha})`
}
