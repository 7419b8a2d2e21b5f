import { expect, test } from 'vitest'
import { findSection } from './sections.ts'

const runbook = `# Runbook

## Alerts

### SlowGets

Gets are slow.

\`\`\`sh
# no heading
\`\`\`

#### Why

Disks.

### \`disk_space\`

Full.
`

test('a section ends at the next heading of its level, and keeps what is below it', () => {
  expect(findSection(runbook, 'SlowGets')).toBe('Gets are slow.\n\n```sh\n# no heading\n```\n\n#### Why\n\nDisks.')
})

test('case and backticks of a heading do not matter', () => {
  expect(findSection(runbook, 'DISK_SPACE')).toBe('Full.')
})

test('an unknown heading has no section', () => {
  expect(findSection(runbook, 'constructor')).toBeUndefined()
})
