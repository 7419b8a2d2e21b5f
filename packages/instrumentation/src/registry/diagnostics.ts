import { diagnosticLogger } from './global-api.ts'

/** Logs through OpenTelemetry's `diag`. Never throws: the application chooses the logger behind it. */
export function logDiagnostic(level: 'debug' | 'warn' | 'error', message: string, ...details: unknown[]): void {
  try {
    diagnosticLogger()?.[level](`@wombat/instrumentation: ${message}`, ...details)
  } catch {
    // There is no other place to report it.
  }
}
