import { compile, type JSONSchema } from 'json-schema-to-typescript'

/** The file with the types of the HTTP API, which the page and the terminal of the console use. */
export const apiTypesFile = 'packages/console/src/page/api/generated/api.ts'

const root = 'Unused'
/** What the generator says of each schema. */
const origin = new RegExp(`(?: \\*\n)? \\* This interface was referenced by \`${root}\`.*\n.*\n`, 'g')

/** Returns the source of the types: one for each of the schemas of the OpenAPI description. */
export async function apiTypesSource(schemas: Readonly<Record<string, object>>): Promise<string> {
  const text = JSON.stringify(schemas)
    .replaceAll('#/components/schemas/', '#/definitions/')
    // The generator knows tuples only by the name that they had before draft 2020-12.
    .replaceAll('"prefixItems":', '"items":')
  const schema = { definitions: JSON.parse(text), additionalProperties: false } as JSONSchema
  const source = await compile(schema, root, {
    additionalProperties: false,
    bannerComment: '// Generated from the OpenAPI description of the monitor by `npm run generate`. Do not edit.',
    unreachableDefinitions: true,
    style: { semi: false, singleQuote: true, printWidth: 130 },
  })
  return source
    .replace(`export interface ${root} {}\n`, '')
    .replace(origin, '')
    .replace(/\/\*\*\n \*\/\n/g, '')
}
