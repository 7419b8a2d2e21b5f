import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type BackendProgram = 'prometheus' | 'promtool' | 'alertmanager' | 'victoria-metrics' | 'otelcol' | 'redis-server'

/** Returns the path at which `test/backends/install.sh` installs a program. */
export function programPath(program: BackendProgram): string {
  return fileURLToPath(new URL(`../backends/.installed/bin/${program}`, import.meta.url))
}

/** Returns whether all of these programs are installed. */
export function areInstalled(...programs: BackendProgram[]): boolean {
  return programs.every((program) => existsSync(programPath(program)))
}
