import { z } from 'zod'
import { environmentVariable } from '../../src/config/environment.ts'
import { type Option, type OptionName, optionNames, options } from '../../src/config/options.ts'

type JsonSchema = z.core.JSONSchema.JSONSchema

/** Returns the source of `src/config/generated/plain-options.ts`: an interface whose documentation an editor shows on hover. */
export function plainOptionsSource(): string {
  return [
    '// Generated from the table in config/options.ts by `npm run generate`. Do not edit.',
    '',
    '/** The options with a plain value. Each can also be set with its environment variable. */',
    'export interface PlainOptions {',
    ...optionNames.flatMap((name) => member(name, options[name])),
    '}',
    '',
  ].join('\n')
}

function member(name: OptionName, { schema, defaultValue, description }: Option): string[] {
  const allowed = schema.description ?? ''
  return [
    '  /**',
    `   * ${description}`,
    '   *',
    `   * ${allowed.charAt(0).toUpperCase()}${allowed.slice(1)}. Environment: \`${environmentVariable(name)}\`.`,
    ...(defaultValue === undefined ? [] : ['   *', `   * @defaultValue \`${JSON.stringify(defaultValue)}\``]),
    '   */',
    `  readonly ${name}?: ${typeText(z.toJSONSchema(schema))}`,
  ]
}

function typeText({ anyOf, enum: words, const: word, type }: JsonSchema): string {
  if (anyOf !== undefined) return anyOf.map((one) => typeText(one as JsonSchema)).join(' | ')
  if (words !== undefined) return words.map((one) => literal(one)).join(' | ')
  if (word !== undefined) return literal(word)
  return type === 'integer' ? 'number' : String(type)
}

function literal(value: unknown): string {
  return `'${String(value)}'`
}
