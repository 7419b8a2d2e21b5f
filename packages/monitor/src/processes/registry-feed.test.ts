import { MetricsRegistry } from '@wombat/instrumentation'
import { randomFrom } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { Aggregate } from './aggregate.ts'
import { type Frame, RegistryFeed } from './registry-feed.ts'

/** A registry that is large enough for several pauses, and the sums of the process that collects. */
function connected() {
  const registry = new MetricsRegistry()
  const aggregate = new Aggregate({ registryOptions: {}, hasWorkerLabel: false })
  aggregate.add('one', '1')
  const receive = ({ numbers, ...head }: Frame): void => void aggregate.read('one', head, numbers)
  const record = (random: () => number): void => {
    for (let store = 0; store < 300; store++) {
      const labels = { store: `store-${store}` }
      registry.incrementCounter('db_get_operations_total', Math.floor(random() * 10), labels)
      if (store % 3 === 0) registry.recordHistogram('db_get_latency_seconds', random(), labels)
    }
  }
  return { registry, aggregate, receive, record, feed: new RegistryFeed(registry) }
}

function readValues(registry: MetricsRegistry) {
  return Object.fromEntries(registry.getAllMetrics().map(({ name, labels, value }) => [`${name} ${labels['store']}`, value]))
}

const interruptions: ReadonlyArray<
  readonly [title: string, interrupt: (feed: RegistryFeed, receive: (frame: Frame) => void) => void]
> = [
  ['is started again', (feed) => feed.restart()],
  ['has to send the rest at once', (feed, receive) => feed.sendNow(receive)],
  ['is read as bytes', (feed) => void feed.encode()],
]
for (const [title, interrupt] of interruptions) {
  test.each([0, 1, 2, 3, 4, 5, 6])(`nothing is lost if a feed ${title} after %i turns of a pass`, async (turns) => {
    const { registry, aggregate, receive, record, feed } = connected()
    const random = randomFrom(turns)
    record(random)
    const pass = feed.sendTo(receive)
    for (let turn = 0; turn < turns; turn++) await undefined
    record(random)
    interrupt(feed, receive)
    await pass
    // What was read as bytes has another receiver.
    if (title.includes('bytes')) feed.restart()
    record(random)
    await feed.sendTo(receive)
    expect(readValues(aggregate.registry)).toEqual(readValues(registry))
  })
}

test('what an interrupted pass has not sent is sent by the one that interrupts it', async () => {
  const { registry, aggregate, receive, record, feed } = connected()
  record(randomFrom(1))
  const pass = feed.sendTo(receive)
  await undefined
  feed.sendNow(receive)
  expect(readValues(aggregate.registry)).toEqual(readValues(registry))
  await pass
})
