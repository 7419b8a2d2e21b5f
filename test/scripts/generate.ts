import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ruleFiles } from '@wombat/dashboards'
import { dashboardFiles } from '../../packages/dashboards/dist/grafana/dashboards.js'
import { withTables } from '../docs/generated-tables.ts'

const file = join(import.meta.dirname, '../../README.md')
writeFileSync(file, withTables(readFileSync(file, 'utf8')))

const rules = join(import.meta.dirname, '../../packages/dashboards/generated/rules')
for (const [name, text] of Object.entries(ruleFiles())) writeFileSync(join(rules, name), text)

const dashboards = join(import.meta.dirname, '../../packages/dashboards/generated/dashboards')
for (const [name, text] of Object.entries(dashboardFiles)) writeFileSync(join(dashboards, name), text)
