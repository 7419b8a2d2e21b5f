import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type BackendProgram = 'prometheus' | 'promtool' | 'alertmanager' | 'victoria-metrics' | 'otelcol'

/** Where `install.sh` put a program. */
export function programPath(program: BackendProgram): string {
  return fileURLToPath(new URL(`../backends/.installed/bin/${program}`, import.meta.url))
}

/** Whether all of these are in place. */
export function areInstalled(...programs: BackendProgram[]): boolean {
  return programs.every((program) => existsSync(programPath(program)))
}
