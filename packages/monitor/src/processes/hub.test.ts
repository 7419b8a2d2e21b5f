import { MessageChannel } from 'node:worker_threads'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test, vi } from 'vitest'
import { SystemClock } from '../time/clock.ts'
import { Aggregate } from './aggregate.ts'
import { Hub } from './hub.ts'
import { Peer } from './peer.ts'
import { type Hello, protocolVersion } from './protocol.ts'
import { RegistryFeed } from './registry-feed.ts'
import { RegistrySource } from './registry-source.ts'
import { portTransport } from './transport.ts'

/** A process that collects, and the connection of another one that answers `restart` by sending everything. */
function connected() {
  const registry = new MetricsRegistry()
  registry.warn = () => {}
  const aggregate = new Aggregate({ registryOptions: {}, hasWorkerLabel: false })
  const hub = new Hub({
    aggregate,
    own: new RegistrySource(registry),
    ownWorker: 'main',
    registry,
    logger: collectingLogger(),
    clock: new SystemClock(),
    generation: 1,
    onEvents: () => {},
    onChange: () => {},
    noun: 'thread',
  })
  hub.start()
  const { port1, port2 } = new MessageChannel()
  hub.accept((events) => portTransport(port1, events))
  const other = new MetricsRegistry()
  const feed = new RegistryFeed(other)
  const send = () => feed.sendTo(({ numbers, ...head }) => peer.tell('frame', head, numbers))
  const restart = vi.fn(async () => {
    feed.restart()
    await send()
  })
  const peer: Peer = new Peer(
    (events) => portTransport(port2, events),
    { restart, collect: () => true },
    () => {},
  )
  onTestFinished(() => {
    hub.close()
    peer.close()
  })
  const hello: Hello = {
    protocol: protocolVersion,
    worker: 'other',
    pid: 1,
    thread: 1,
    semconv: 'wombat',
    lastGeneration: 0,
    lastSlot: undefined,
    replicaGeneration: 0,
  }
  return {
    registry,
    aggregate,
    other,
    peer,
    send,
    restart,
    join: (worker = 'other') => peer.ask('hello', { ...hello, worker }, 5000),
  }
}

test('a process whose frame cannot be read is asked for everything, so that its values are right again', async () => {
  const { registry, aggregate, other, peer, send, restart, join } = connected()
  await join()
  other.incrementCounter('db_get_operations_total', 3, { store: 'orders' })
  await send()
  // A series that was never defined.
  for (let frame = 0; frame < 5; frame++) peer.tell('frame', { series: [], metrics: [] }, Float64Array.of(999, 1))
  other.incrementCounter('db_get_operations_total', 4, { store: 'orders' })
  const sum = aggregate.registry.counter('db_get_operations_total', { store: 'orders' })
  await vi.waitFor(() => expect(sum.value).toBe(7))
  expect(restart).toHaveBeenCalledOnce()
  expect(registry.counter('wombat_monitor_source_failures_total').value).toBe(5)
})

test('a process whose name leads out of the folder of its group is refused, as is a message that only every object has', async () => {
  const { peer, join } = connected()
  await expect(join('../../outside')).rejects.toThrow('it does not say which process it is')
  await expect(peer.ask('constructor', {}, 5000)).rejects.toThrow('constructor is not known to the other process')
  await join()
})
