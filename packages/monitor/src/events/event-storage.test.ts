import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test, vi } from 'vitest'
import { ManualClock } from '../time/clock.ts'
import { EventLog } from './event-log.ts'
import { EventStorage, type TextStorage } from './event-storage.ts'

/** A file that may be full. */
function createFile() {
  const texts = new Map<string, string>()
  const file = {
    isFull: false,
    writes: 0,
    metadata: (name: string) => texts.get(name),
    setMetadata(name: string, value: string) {
      this.writes++
      if (!this.isFull) texts.set(name, value)
      return !this.isFull
    },
  }
  return file satisfies TextStorage
}

function open(storage: TextStorage) {
  const events = new EventLog({ clock: new ManualClock(), registry: new MetricsRegistry() })
  const logger = collectingLogger()
  const stored = new EventStorage({ events, storage, logger })
  return {
    events,
    stored,
    logger,
    add: (title: string) => events.add({ kind: 'annotation', severity: 'info', title, details: {} }),
  }
}

const titles = (events: EventLog): string[] => events.query().events.map(({ title }) => title)

test('what is saved at the end is there in the next process', async () => {
  const file = createFile()
  const first = open(file)
  for (let index = 0; index < 100; index++) first.add(String(index))
  await first.stored.close()
  const second = open(file)
  expect(titles(second.events)).toEqual(titles(first.events))
})

test('events are saved once a minute, and only if something has happened', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const file = createFile()
  const { stored, add } = open(file)
  stored.start()
  add('a')
  vi.advanceTimersByTime(59_000)
  expect(file.writes).toBe(0)
  vi.advanceTimersByTime(1000)
  await vi.waitFor(() => expect(file.writes).toBe(1))
  vi.advanceTimersByTime(600_000)
  await stored.close()
  expect(file.writes).toBe(1)
})

test('what could not be written is written the next time', async () => {
  const file = createFile()
  const { stored, add } = open(file)
  add('a')
  file.isFull = true
  await stored.save()
  file.isFull = false
  await stored.save()
  expect(file.writes).toBe(2)
  expect(titles(open(file).events)).toEqual(['a'])
})

test('a text that is no event log is reported, and nothing is restored', () => {
  for (const text of ['{', '{"events": 5}', 'null']) {
    const file = createFile()
    file.setMetadata('events', text)
    const { events, logger } = open(file)
    expect(events.size).toBe(0)
    expect(logger.lines).toMatchObject([{ level: 'error', message: expect.stringContaining('could not be restored') }])
  }
})
