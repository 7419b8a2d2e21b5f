import './require-node.ts'
import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'
import { holdDefaultRegistry } from '@wombat/instrumentation/internal'
import { RuleError } from './alerts/validate-rules.ts'
import { environmentVariable } from './config/environment.ts'
import { ConfigError } from './config/errors.ts'
import { findSource, type MonitoringConfig, resolveConfig } from './config/resolve-config.ts'
import { defaultLogger, printError } from './logger.ts'
import type { Monitoring } from './monitoring.ts'
import { awaitApplicationStart } from './process/application-start.ts'
import { startMonitoring } from './start-monitoring.ts'
import { errorMessage } from './validation/error-message.ts'

/**
 * Starts monitoring in an application that does not import this package, and measures its stores. The configuration comes from
 * environment variables. Never rejects: a failure is printed on standard error in one line, and the application keeps running.
 *
 * - Log lines go to standard error, because standard output may be the application's result.
 * - The JSON API listens on any free port unless `WOMBAT_JSON_API_PORT` is set, because the application may use 8080 itself. The
 *   port is logged.
 * - Health checks only read from the stores unless `WOMBAT_HEALTH_PROBE` is set: the application has not agreed to a key that it
 *   did not write, and a scan could return it.
 * - If a port is in use, monitoring runs without HTTP servers: OTLP and the log still work.
 * - When the event loop is empty, pending metrics are sent, for at most `closeTimeoutMs`. There are no signal handlers: one would
 *   replace the default action of the signal, and could change what the application's own handler does. So a process that ends
 *   by a signal or `process.exit()` does not send its last interval.
 *
 * The modules are hooked before the first `await`: a `--require` hook cannot wait, but must find the stores, too.
 */
export async function preload(): Promise<void> {
  let instrumentation: WombatInstrumentation | undefined
  try {
    const config = preloadConfig()
    hookModuleImports()
    awaitApplicationStart()
    const starting = start(config)
    // The registry exists already, so that not even the first operations are missing.
    instrumentation = new WombatInstrumentation({ registry: holdDefaultRegistry() ?? starting.then(({ registry }) => registry) })
    const { close } = await starting
    // First: otherwise the monitoring itself would export once more, as it does without the preload.
    process.prependOnceListener('beforeExit', () => void close())
  } catch (error) {
    instrumentation?.disable()
    print(`monitoring is off, the application runs without it: ${describeError(error)}`)
  }
}

/**
 * Measures the stores of a worker thread. The monitoring of the main thread serves their metrics; the first store makes the thread join it.
 * Never rejects, as `preload`.
 */
export function preloadThread(): void {
  try {
    hookModuleImports()
    new WombatInstrumentation()
  } catch (error) {
    print(`the stores of this thread are not measured: ${describeError(error)}`)
  }
}

/** @throws ConfigError if a variable is not valid. */
function preloadConfig() {
  const { logLevel } = resolveConfig()
  const logger = defaultLogger(logLevel, 2)
  return {
    logger,
    ...(findSource('jsonApiPort', {}) === 'default' && { jsonApiPort: 0 }),
    ...(findSource('healthProbe', {}) === 'default' && { healthProbe: 'read' }),
  } satisfies MonitoringConfig
}

/** Hooks `import`; `require` is hooked by WombatInstrumentation. */
function hookModuleImports(): void {
  try {
    hookImports()
  } catch (error) {
    print(`stores of modules that are loaded by import are not measured: ${describeError(error)}`)
  }
}

async function start(config: MonitoringConfig): Promise<Monitoring> {
  try {
    return await startMonitoring(config)
  } catch (error) {
    if (!isListenError(error)) throw error
    print(`monitoring runs without HTTP servers: ${withVariableNames(describeError(error))}`)
    return await startMonitoring({ ...config, prometheusEnabled: false, jsonApiEnabled: false })
  }
}

/** Returns whether a server cannot listen. Then the rest may work. */
function isListenError(error: unknown): boolean {
  const { syscall = '' } = ((error instanceof Error ? error.cause : undefined) ?? {}) as NodeJS.ErrnoException
  return syscall === 'listen' || syscall === 'getaddrinfo'
}

/** Problems of a rule file that one line has. */
const maxProblems = 5

/** Returns the error's message as one line. */
function describeError(error: unknown): string {
  if (error instanceof ConfigError) return error.problems.join('; ')
  const [line = ''] = errorMessage(error).split('\n')
  if (!(error instanceof RuleError)) return line
  const { problems } = error
  const others = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : []
  return `${line} ${[...problems.slice(0, maxProblems), ...others].join('; ')}`
}

/** Replaces the names of options by those of their variables, because the configuration comes from the environment. */
function withVariableNames(message: string): string {
  const ports = ['prometheusPort', 'jsonApiPort']
  return ports.reduce((text, option) => text.replaceAll(option, environmentVariable(option)), message)
}

function print(message: string): void {
  printError(`wombat: ${message}`)
}
