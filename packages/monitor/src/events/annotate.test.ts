import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { ManualClock } from '../time/clock.ts'
import { annotate } from './annotate.ts'
import { EventLog } from './event-log.ts'

const startMs = 1_800_000_000_000

function createLog() {
  const clock = new ManualClock(startMs)
  return { clock, log: new EventLog({ clock, registry: new MetricsRegistry() }) }
}

test('an annotation lasts until it is ended, even if the clock is set meanwhile', () => {
  const { clock, log } = createLog()
  const end = annotate(log, clock, 'Import of the nightly catalog', { store: 'products' })
  const [begun] = log.query().events
  expect(begun).toMatchObject({ kind: 'annotation', title: 'Import of the nightly catalog', store: 'products', startMs })
  expect(begun).not.toHaveProperty('endMs')
  clock.advance(5000)
  clock.step(60_000)
  end()
  end()
  expect(log.query().events).toMatchObject([{ key: begun?.key, startMs: startMs + 60_000, endMs: startMs + 65_000 }])
})

test('two annotations at the same time are two events', () => {
  const { clock, log } = createLog()
  annotate(log, clock, 'One')()
  annotate(log, clock, 'Other')()
  expect(log.query().events.map(({ title }) => title)).toEqual(['One', 'Other'])
})

test.each([
  ['', {}, /the title of an annotation must be a text of 1 to 120 characters, .*got ""/],
  ['x'.repeat(121), {}, /1 to 120 characters/],
  [5, {}, /got 5/],
  ['Deployment', { store: 5 }, /the store of an annotation must be its name, got 5/],
])('the title %j with %j is an error', (title, options, message) => {
  const { clock, log } = createLog()
  expect(() => annotate(log, clock, title as string, options as object)).toThrow(message)
  expect(log.size).toBe(0)
})
