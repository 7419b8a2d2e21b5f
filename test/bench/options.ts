import { parseArgs } from 'node:util'
import type { Effort } from './comparison.ts'

export interface Options {
  readonly json: boolean
  readonly only: string | undefined
  readonly effort: Effort
}

const thorough: Effort = { rounds: 120, warmUpRounds: 20, quick: false }
const smoke: Effort = { rounds: 3, warmUpRounds: 1, quick: true }

/** @throws TypeError for an argument or a part that there is not. */
export function optionsFrom(args: readonly string[], parts: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
  })
  const { json = false, quick = false, only } = values
  if (only !== undefined && !parts.includes(only)) throw new TypeError(`--only takes ${parts.join(', ')}, got ${only}`)
  return { json, only, effort: quick ? smoke : thorough }
}
