import { pino } from 'pino'

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

/** Creates the logger that is used if the application gives none: pino, which writes JSON lines to standard output. */
export function defaultLogger(level: LogLevel): Logger {
  return pino({ name: 'wombat', level })
}
