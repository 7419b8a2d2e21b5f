/** The parameters of every view: what is looked at, and when. They stay when the view changes. */
export const sharedParameters = ['store', 'range', 'from', 'to', 'paused', 'marks'] as const
export type SharedParameter = (typeof sharedParameters)[number]

/** Each view: its path in the address, and its own parameters. All parameters that begin with its prefix are its own, too. */
export const routes = {
  overview: { path: 'stores', parameters: ['search', 'sort', 'state'] },
  operations: { path: 'operations', parameters: ['operation', 'sort'] },
  engine: { path: 'engine', parameters: ['tab', 'level'] },
  health: { path: 'health', parameters: ['check', 'status', 'group'] },
  alerts: { path: 'alerts', parameters: ['rule', 'tab', 'state', 'severity'] },
  'slow-operations': { path: 'slow', parameters: ['tab', 'operation', 'cause', 'error', 'sort', 'minimum', 'offset'] },
  explore: {
    path: 'explore',
    parameters: ['metric', 'function', 'by', 'quantile', 'window', 'aggregate', 'chart'],
    prefix: 'label.',
  },
  configuration: { path: 'configuration', parameters: ['tab', 'search', 'changed'] },
} as const satisfies Record<string, { path: string; parameters: readonly string[]; prefix?: string }>

export type ViewName = keyof typeof routes
type PrefixedOf<Definition> = Definition extends { readonly prefix: infer Prefix extends string } ? `${Prefix}${string}` : never
/** The names of the parameters that a view reads. */
export type ParameterOf<View extends ViewName> =
  | (typeof routes)[View]['parameters'][number]
  | PrefixedOf<(typeof routes)[View]>
  | SharedParameter
export type ParametersOf<View extends ViewName> = { readonly [Name in ParameterOf<View>]?: string | undefined }

export interface Route {
  readonly view: ViewName
  readonly parameters: Readonly<Record<string, string>>
}

/** Parses the part of an address behind `#`. An unknown path is the overview; unknown parameters are left out. */
export function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  const view = (Object.keys(routes) as ViewName[]).find((name) => routes[name].path === path) ?? 'overview'
  const { parameters: own, prefix }: { parameters: readonly string[]; prefix?: string } = routes[view]
  const known: readonly string[] = [...sharedParameters, ...own]
  const isKnown = (name: string): boolean => known.includes(name) || (prefix !== undefined && name.startsWith(prefix))
  const parameters = Object.fromEntries([...new URLSearchParams(query)].filter(([name, value]) => isKnown(name) && value !== ''))
  return { view, parameters }
}

/** Formats a route as the part of an address from `#` on. */
export function formatHash(view: ViewName, parameters: Readonly<Record<string, string | undefined>>): string {
  const chosen = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '') as [string, string][]
  // Commas and colons are allowed here, and an address without escapes can be read.
  const query = new URLSearchParams(chosen).toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return `#/${routes[view].path}${query === '' ? '' : `?${query}`}`
}
