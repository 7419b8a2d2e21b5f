import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedDocuments, withTables } from './generated-tables.ts'
import { root } from './markdown.ts'

test.each(generatedDocuments)('the tables of %s agree with the code (else run `npm run generate`)', (file) => {
  const text = readFileSync(join(root, file), 'utf8')
  expect(withTables(file, text)).toBe(text)
})
