import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dashboardFiles } from './dashboards.ts'

const folder = join(import.meta.dirname, '../../generated/dashboards')
mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(dashboardFiles)) writeFileSync(join(folder, name), text)
