import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ruleFiles } from '@wombat/dashboards'
import { dashboardFiles } from '../../packages/dashboards/dist/grafana/dashboards.js'
import { plainOptionsSource } from '../../packages/monitor/test/config/plain-options.ts'
import { healthBoundsSource } from '../../packages/monitor/test/health/health-bounds.ts'
import { generatedDocuments, withTables } from '../docs/generated-tables.ts'

writeFileSync(join(import.meta.dirname, '../../packages/monitor/src/config/generated/plain-options.ts'), plainOptionsSource())
writeFileSync(join(import.meta.dirname, '../../packages/monitor/src/health/generated/health-bounds.ts'), healthBoundsSource())

for (const document of generatedDocuments) {
  const path = join(import.meta.dirname, '../..', document)
  writeFileSync(path, withTables(document, readFileSync(path, 'utf8')))
}

const rules = join(import.meta.dirname, '../../packages/dashboards/generated/rules')
for (const [name, text] of Object.entries(ruleFiles())) writeFileSync(join(rules, name), text)

const dashboards = join(import.meta.dirname, '../../packages/dashboards/generated/dashboards')
for (const [name, text] of Object.entries(dashboardFiles)) writeFileSync(join(dashboards, name), text)
