/** This process's environment without what would configure the monitor or Node in another one. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL_|WOMBAT_|NODE_OPTIONS$)/.test(name)))
}
