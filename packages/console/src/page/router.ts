import { computed, type ReadonlySignal, signal } from '@preact/signals'

import {
  formatHash,
  type ParameterOf,
  type ParametersOf,
  parseHash,
  type SharedParameter,
  sharedParameters,
  type ViewName,
} from './routes.ts'

const hash = signal(location.hash)
addEventListener('hashchange', () => {
  hash.value = location.hash
})

/** The route of the address. */
export const route = computed(() => parseHash(hash.value))

const parameterSignals = new Map<string, ReadonlySignal<string | undefined>>()

/** Returns a parameter of the route. A component that reads it is drawn again only if this parameter changes. */
export function parameter<View extends ViewName>(_view: View, name: ParameterOf<View>): string | undefined {
  let one = parameterSignals.get(name)
  if (one === undefined) {
    one = computed(() => route.value.parameters[name])
    parameterSignals.set(name, one)
  }
  return one.value
}

/** Returns a parameter that every view has. */
export function sharedParameter(name: SharedParameter): string | undefined {
  return parameter('overview', name)
}

/**
 * Returns the address of a view, for a link. Store, time range and marks stay as they are unless `parameters` says otherwise; a parameter
 * that is `undefined` is left out.
 */
export function linkTo<View extends ViewName>(view: View, parameters: ParametersOf<View> = {}): string {
  const kept = Object.fromEntries(sharedParameters.map((name) => [name, route.value.parameters[name]]))
  return formatHash(view, { ...kept, ...parameters })
}

/** Goes to another view, with a new entry in the history of the browser. */
export function navigate<View extends ViewName>(view: View, parameters: ParametersOf<View> = {}): void {
  location.hash = linkTo(view, parameters)
}

/**
 * Changes parameters of the current view. `replace` keeps the history of the browser short, for what changes while a reader types.
 * `undefined` removes a parameter.
 */
export function setParameters<View extends ViewName>(
  _view: View,
  changes: ParametersOf<View>,
  history: 'push' | 'replace' = 'push',
): void {
  const { view, parameters } = route.peek()
  const next = formatHash(view, { ...parameters, ...(changes as Record<string, string | undefined>) })
  if (next === location.hash) return
  if (history === 'push') location.hash = next
  else {
    window.history.replaceState(null, '', next)
    hash.value = next
  }
}

/** Changes parameters that every view has. */
export function setSharedParameters(
  changes: { readonly [Name in SharedParameter]?: string | undefined },
  history: 'push' | 'replace' = 'push',
): void {
  setParameters('overview', changes, history)
}
