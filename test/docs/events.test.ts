import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventLimits } from '../../packages/monitor/src/events/event.ts'
import { root } from './markdown.ts'

test('the page about events has each kind, and how many of it are kept', () => {
  const page = readFileSync(join(root, 'packages/monitor/docs/events.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| .+ \| (\d+) \|$/gm)].map(([, kind, count]) => [kind, Number(count)])
  expect(rows).toEqual(Object.entries(eventLimits))
})
