// Writes every generated file, and prints which of them changed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ruleFiles } from '@wombat/dashboards'
import { dashboardFiles } from '../../packages/dashboards/dist/grafana/dashboards.js'
import { openApiDocument } from '../../packages/monitor/src/http/openapi/openapi.ts'
import { plainOptionsSource } from '../../packages/monitor/test/config/plain-options.ts'
import { healthBoundsSource } from '../../packages/monitor/test/health/health-bounds.ts'
import { apiTypesFile, apiTypesSource } from '../docs/api-types.ts'
import { generatedDocuments, withTables } from './generated-tables.ts'

const root = join(import.meta.dirname, '../..')

/** Writes a file, given by its path below the root, if its text changes. Prints what was done. */
function write(file: string, text: string): void {
  const path = join(root, file)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  mkdirSync(dirname(path), { recursive: true })
  if (text !== before) writeFileSync(path, text)
  console.log(`${before === undefined ? 'created' : text === before ? 'unchanged' : 'updated'}  ${file}`)
}

write('packages/monitor/src/config/generated/plain-options.ts', plainOptionsSource())
write('packages/monitor/src/health/generated/health-bounds.ts', healthBoundsSource())
write(apiTypesFile, await apiTypesSource(openApiDocument.components.schemas))
for (const document of generatedDocuments) write(document, withTables(document, readFileSync(join(root, document), 'utf8')))
for (const [name, text] of Object.entries(ruleFiles())) write(`packages/dashboards/generated/rules/${name}`, text)
for (const [name, text] of Object.entries(dashboardFiles)) write(`packages/dashboards/generated/dashboards/${name}`, text)
