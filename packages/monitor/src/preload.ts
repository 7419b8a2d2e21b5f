import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'
import { pino } from 'pino'
import { ConfigError } from './config/errors.ts'
import { explainConfig, type MonitoringConfig, resolveConfig } from './config/resolve-config.ts'
import type { Monitoring } from './monitoring.ts'
import { startMonitoring } from './start-monitoring.ts'

/**
 * Starts monitoring for an application that knows nothing of it, and finds its stores. All is said in the environment.
 * Whatever fails is said in one sentence on standard error, and the application runs as without us.
 *
 * - Log lines go to standard error: standard output may be what the application is for.
 * - The JSON API takes any free port unless the environment names one, and the log says which: the default, 8080, may be the
 *   application's own.
 * - A port in use keeps the doors closed; OTLP and the log go on.
 * - When the application has nothing left to do, what is pending is sent, for `closeTimeoutMs` at most. Signals are not
 *   listened to: that would take away their effect, and with one more listener beside it an application's own may do
 *   nothing. So what ends by a signal or `process.exit()` does not send its last interval.
 *
 * What is synchronous comes first, so that a file that cannot wait has the application's stores found all the same.
 */
export async function preload(): Promise<void> {
  try {
    const config = ownConfig()
    seeImports()
    const starting = start(config)
    new WombatInstrumentation({ registry: starting.then(({ registry }) => registry) })
    const { addresses, close } = await starting
    process.once('beforeExit', () => void close())
    config.logger.info({ ...addresses }, 'monitoring the stores of this process')
  } catch (error) {
    say(`monitoring is off, the application runs without it: ${sentenceOf(error)}`)
  }
}

/** @throws ConfigError */
function ownConfig() {
  const { logLevel } = resolveConfig()
  const isPortGiven = explainConfig().some(({ option, source }) => option === 'jsonApiPort' && source === 'environment')
  const logger = pino({ name: 'wombat', level: logLevel }, pino.destination(2))
  return { logger, ...(!isPortGiven && { jsonApiPort: 0 }) } satisfies MonitoringConfig
}

/** What is loaded by `require` is found without. */
function seeImports(): void {
  try {
    hookImports()
  } catch (error) {
    say(`stores whose modules are loaded by import are not found: ${sentenceOf(error)}`)
  }
}

async function start(config: MonitoringConfig): Promise<Monitoring> {
  try {
    return await startMonitoring(config)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    say(`monitoring opens no door: ${inVariables(sentenceOf(error))}`)
    return await startMonitoring({ ...config, prometheusEnabled: false, jsonApiEnabled: false })
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.join('; ')
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return line
}

/** Doors complain of options; who says everything in the environment knows only the variables. */
function inVariables(sentence: string): string {
  const ports = explainConfig().filter(({ option }) => option === 'prometheusPort' || option === 'jsonApiPort')
  return ports.reduce((text, { option, variable }) => text.replaceAll(option, variable ?? option), sentence)
}

function say(sentence: string): void {
  process.stderr.write(`wombat: ${sentence}\n`)
}
