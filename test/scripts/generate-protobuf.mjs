// Writes the TypeScript of Prometheus' protobuf schema, which the tests read pages with: only needed when the .proto file changes.
import { execFileSync } from 'node:child_process'
import { delimiter, join } from 'node:path'

const programs = join(import.meta.dirname, '../node_modules/.bin')
execFileSync(join(programs, 'buf'), ['generate', '--template', 'buf.gen.yaml', 'metrics.proto'], {
  cwd: join(import.meta.dirname, '../support/prometheus-schema'),
  env: { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH}` },
  stdio: 'inherit',
})
