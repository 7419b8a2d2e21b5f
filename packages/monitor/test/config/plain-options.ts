import { environmentVariable } from '../../src/config/environment.ts'
import { type Option, type OptionName, optionNames, options } from '../../src/config/options.ts'

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
  const allowed = schema.description
  return [
    '  /**',
    `   * ${description}`,
    '   *',
    `   * ${allowed.charAt(0).toUpperCase()}${allowed.slice(1)}. Environment: \`${environmentVariable(name)}\`.`,
    ...(defaultValue === undefined ? [] : ['   *', `   * @defaultValue \`${JSON.stringify(defaultValue)}\``]),
    '   */',
    `  readonly ${name}?: ${schema.type}`,
  ]
}
