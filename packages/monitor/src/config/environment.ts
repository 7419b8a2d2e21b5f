import { suggest } from '../validation/format-issue.ts'
import { type Option, optionNames } from './options.ts'

/** Environment variables by name, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the environment variable of an option. */
export function environmentVariable(option: string): string {
  return `WOMBAT_${option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

const trueWords = ['true', '1', 'yes', 'on', 'y', 'enabled']
const falseWords = ['false', '0', 'no', 'off', 'n', 'disabled']

/** Parses a variable's text as the option's type. Text that cannot be parsed is returned as it is, and the schema rejects it. */
export function parseVariable({ defaultValue, schema }: Option, text: string): unknown {
  if (typeof defaultValue === 'boolean' || schema.type === 'boolean') {
    const word = text.toLowerCase()
    if (trueWords.includes(word)) return true
    return falseWords.includes(word) ? false : text
  }
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const isNumber = typeof defaultValue === 'number' || schema.parse(number) !== undefined
  return isNumber && !Number.isNaN(number) ? number : text
}

/** Matches what Kubernetes adds to the environment of every pod for a service with a name that begins with `wombat`. */
const kubernetesVariable = /_SERVICE_(HOST|PORT)|_PORT$|_PORT_\d+_(TCP|UDP|SCTP)/

/** Returns a problem for each variable that begins with `WOMBAT_` but belongs to no option. */
export function findUnknownVariables(environment: Environment): string[] {
  const knownVariables = optionNames.map(environmentVariable)
  return Object.keys(environment)
    .filter((name) => name.startsWith('WOMBAT_') && !knownVariables.includes(name) && !kubernetesVariable.test(name))
    .map((name) => `${name} is not a known variable${suggest(name, knownVariables)}`)
}
