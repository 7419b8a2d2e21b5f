import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { healthBoundTable } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { generatedDocuments, withTables } from '../scripts/generated-tables.ts'
import { root } from './markdown.ts'

test.each(generatedDocuments)('the tables of %s agree with the code (else run `npm run generate`)', (file) => {
  const text = readFileSync(join(root, file), 'utf8')
  expect(withTables(file, text)).toBe(text)
})

test('the documentation of health names every built-in check', () => {
  const [, builtIn = ''] = readFileSync(join(root, 'packages/monitor/docs/health.md'), 'utf8').split('## Built-in checks')
  for (const check of new Set(healthBoundTable().flatMap(({ checks }) => checks))) expect(builtIn).toContain(`| \`${check}\` |`)
})
