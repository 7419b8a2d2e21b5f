import { diag } from '@opentelemetry/api'

/** Logs through OpenTelemetry's `diag`. Never throws: the application chooses the logger behind it. */
export function logDiagnostic(level: 'debug' | 'warn' | 'error', message: string, ...details: unknown[]): void {
  try {
    diag[level](`@wombat/instrumentation: ${message}`, ...details)
  } catch {
    // There is no other place to report it.
  }
}
