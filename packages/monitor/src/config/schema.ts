import { z } from 'zod'

// Each description completes the sentence "OPTION must be ...".

export const boolean = () => z.boolean().describe('true or false')

/** At most a day: a timer of Node cannot wait longer than 24 days. */
export const milliseconds = (min: number) =>
  z.int().min(min).max(86_400_000).describe(`a whole number of milliseconds from ${min} to 86400000`)

export const port = () => z.int().min(0).max(65_535).describe('a port from 0 (any free port) to 65535')

export const integer = (min: number, max: number) => z.int().min(min).max(max).describe(`a whole number from ${min} to ${max}`)

export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words).describe(`one of ${words.join(', ')}`)

export const httpUrl = () => z.url({ protocol: /^https?$/ }).describe('an http or https URL')

export const text = (description: string) => z.string().min(1).describe(description)
