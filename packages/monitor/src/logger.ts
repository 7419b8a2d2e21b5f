import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The methods of a logger that this package calls. pino has them, and most other loggers, too. */
export interface Logger {
  /** Logs details for debugging. */
  debug(fields: object, message: string): void
  /** Logs a normal event. */
  info(fields: object, message: string): void
  /** Logs a problem that does not stop the monitor. */
  warn(fields: object, message: string): void
  /** Logs a failure, or a critical alert. */
  error(fields: object, message: string): void
}

/** Levels of the option `logLevel`, from the most detailed to none. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** A level of the option `logLevel`. */
export type LogLevel = (typeof logLevels)[number]

const standardOutput = 1

/**
 * Creates the logger that is used if the application gives none: pino, which writes JSON lines to a file descriptor (default standard
 * output). Its methods throw if a line cannot be written, for example because the disk is full. They do not wait until it can: pino's
 * own destination would, and the application with it.
 */
export function defaultLogger(level: LogLevel, fileDescriptor = standardOutput): Logger {
  // Loaded with the first line: a process that logs nothing does not need it.
  let loaded: Logger | undefined
  const load = (): Logger => {
    const { pino }: typeof import('pino') = createRequire(import.meta.url)('pino')
    return pino({ name: 'wombat', level }, { write: lineWriter(fileDescriptor) })
  }
  const logAt =
    (method: keyof Logger) =>
    (fields: object, message: string): void => {
      if (logLevels.indexOf(method) < logLevels.indexOf(level)) return
      loaded ??= load()
      loaded[method](fields, message)
    }
  return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') }
}

/** A pipe whose reader is slow gets this many further chances, each after a millisecond. */
const maxRetries = 5

/** Returns a function that writes one line, and throws if it cannot. A line is never mixed with the rest of one that was cut off. */
function lineWriter(fileDescriptor: number): (line: string) => void {
  let isCutOff = false
  return (line) => {
    let rest = Buffer.from(isCutOff ? `\n${line}` : line)
    for (let retries = 0; rest.length > 0; ) {
      try {
        rest = rest.subarray(writeSync(fileDescriptor, rest))
        isCutOff = rest.length > 0
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || retries++ >= maxRetries) throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
      }
    }
  }
}

/** Writes one line to standard error, if that is possible. Never throws. */
export function printError(line: string): void {
  try {
    writeSync(2, `${line}\n`)
  } catch {
    // Standard error is closed or its disk is full: there is no other place to report it.
  }
}

/** Returns a logger whose failures, synchronous or not, go no further than a call of `onFailure`. */
export function guardLogger(logger: Logger, onFailure: () => void): Logger {
  const guard =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        const result: unknown = logger[level](fields, message)
        if (result instanceof Promise) result.catch(onFailure)
      } catch {
        onFailure()
      }
    }
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') }
}
