import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Program = 'prometheus' | 'promtool' | 'alertmanager' | 'victoria-metrics' | 'otelcol'

/** Where `install.sh` put a program. */
export function pathOf(program: Program): string {
  return fileURLToPath(new URL(`../backends/.installed/bin/${program}`, import.meta.url))
}

/** Whether all of these are in place. */
export function installed(...programs: Program[]): boolean {
  return programs.every((program) => existsSync(pathOf(program)))
}
