import { parseArgs } from 'node:util'
import type { Effort } from './comparison.ts'

export interface Options {
  readonly json: boolean
  readonly only: string | undefined
  readonly effort: Effort
}

const megabyte = 2 ** 20

const thorough: Effort = { rounds: 120, warmUpRounds: 20, quick: false, engineBytes: 256 * megabyte }
const smoke: Effort = { rounds: 3, warmUpRounds: 1, quick: true, engineBytes: 16 * megabyte }

/**
 * Parses the command line.
 *
 * @throws TypeError for an unknown argument or part.
 * @throws RangeError for a store smaller than 1 MB.
 */
export function optionsFrom(args: readonly string[], parts: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      quick: { type: 'boolean' },
      only: { type: 'string' },
      'engine-megabytes': { type: 'string' },
    },
  })
  const { json = false, quick = false, only } = values
  if (only !== undefined && !parts.includes(only)) throw new TypeError(`--only takes ${parts.join(', ')}, got ${only}`)
  const effort = quick ? smoke : thorough
  const megabytes = values['engine-megabytes']
  if (megabytes === undefined) return { json, only, effort }
  if (!(Number(megabytes) >= 1)) {
    throw new RangeError(`--engine-megabytes must be 1 or more, got ${megabytes}: an empty store has no tables`)
  }
  return { json, only, effort: { ...effort, engineBytes: Number(megabytes) * megabyte } }
}
