import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ruleFiles } from '@wombat/dashboards'
import { withTables } from './tables.ts'

const file = join(import.meta.dirname, '../../README.md')
writeFileSync(file, withTables(readFileSync(file, 'utf8')))

const rules = join(import.meta.dirname, '../../packages/dashboards/generated/rules')
for (const [name, text] of Object.entries(ruleFiles())) writeFileSync(join(rules, name), text)
