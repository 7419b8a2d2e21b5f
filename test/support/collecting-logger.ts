import type { Logger } from '@wombat/monitor'

/** A logger that keeps its lines in memory. */
export interface CollectingLogger extends Logger {
  readonly lines: ReadonlyArray<{ readonly level: keyof Logger; readonly message: string; readonly fields: object }>
}

/** Creates a logger that keeps its lines in memory. */
export function collectingLogger(): CollectingLogger {
  const lines: Array<CollectingLogger['lines'][number]> = []
  const at = (level: keyof Logger) => (fields: object, message: string) => {
    lines.push({ level, message, fields })
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
