import { pino } from 'pino'

/** As much of a logger as we use; pino's own shape, and that of most others. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** The logger used where the application gives none: pino, one JSON line each to standard output. */
export function defaultLogger(level: LogLevel): Logger {
  return pino({ name: 'wombat', level })
}
