import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventLimits } from './event.ts'

test('the page about events has each kind, and how many of it are kept', () => {
  const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| .+ \| (\d+) \|$/gm)].map(([, kind, count]) => [kind, Number(count)])
  expect(rows).toEqual(Object.entries(eventLimits))
})
