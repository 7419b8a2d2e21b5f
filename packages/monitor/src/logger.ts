import { pino } from 'pino'

/** The methods of a logger that this package calls. pino has them, and most other loggers, too. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Creates the logger that is used if the application gives none: pino, which writes JSON lines to standard output. */
export function defaultLogger(level: LogLevel): Logger {
  return pino({ name: 'wombat', level })
}
