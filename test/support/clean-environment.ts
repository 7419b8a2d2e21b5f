const configuring = /^(OTEL_|WOMBAT_|NODE_OPTIONS$|CI$|NO_COLOR$|FORCE_COLOR$|COLORTERM$)/

/**
 * Returns the environment of this process without the variables that configure OpenTelemetry, the monitor or Node, or that
 * choose the colors of a terminal: programs behave the same on a desk and in CI.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !configuring.test(name)))
}
