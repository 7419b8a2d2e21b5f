/** The process that the console is connected to. */
export interface Target {
  /** The address of its JSON API. The path ends in a slash. */
  readonly url: URL
  /** The `authToken` of the process; undefined if the environment has none. */
  readonly token: string | undefined
}

/** Returns the address without the slash at its end, as people write it. */
export function formatTarget({ url }: Target): string {
  return url.href.replace(/\/$/, '')
}
