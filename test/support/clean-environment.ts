/** Returns the environment of this process without the variables that configure OpenTelemetry, the monitor or Node. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL_|WOMBAT_|NODE_OPTIONS$)/.test(name)))
}
