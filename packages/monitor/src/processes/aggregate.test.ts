import { DatabaseMetrics, type Metric, MetricsRegistry } from '@wombat/instrumentation'
import { randomFrom } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { Aggregate } from './aggregate.ts'
import { RegistryFeed } from './registry-feed.ts'
import { Replica } from './replica.ts'
import { tableFrames } from './table-frames.ts'

/** A process with a registry, as the one that collects sees it. */
class FakeProcess {
  readonly registry = new MetricsRegistry()
  readonly feed = new RegistryFeed(this.registry)
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** Sends what has changed to each receiver. */
  send(...receivers: ReadonlyArray<(worker: string, head: never, numbers: Float64Array) => void>): void {
    this.feed.sendNow(({ numbers, ...head }) => {
      for (const receive of receivers) receive(this.name, head as never, numbers)
    })
  }
}

function createAggregate(hasWorkerLabel = false): Aggregate {
  return new Aggregate({ registryOptions: {}, hasWorkerLabel })
}

/** Returns the values of a registry without times, by name and labels. */
function readValues(registry: MetricsRegistry): Map<string, unknown> {
  return new Map(registry.getAllMetrics().map(({ name, labels, value }: Metric) => [`${name} ${JSON.stringify(labels)}`, value]))
}

/** Records the same random values in all registries. */
function recordRandom(random: () => number, registries: readonly MetricsRegistry[]): void {
  const labels = { store: `store-${Math.floor(random() * 5)}` }
  const choice = random()
  const value = random() ** 8 * 10
  for (const registry of registries) {
    if (choice < 0.5) registry.recordHistogram('db_get_latency_seconds', value, labels)
    else if (choice < 0.9) registry.incrementCounter('db_get_operations_total', Math.floor(value * 10), labels)
    else registry.incrementCounter('db_errors_total', 1, { ...labels, operation: 'get', error_type: '_OTHER' })
  }
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`sums stay exact while processes start, end and restart, and the one that collects changes (${seed})`, () => {
    const random = randomFrom(seed)
    // What one registry would have that all processes record into.
    const expected = new MetricsRegistry()
    let aggregate = createAggregate()
    let processes: FakeProcess[] = []
    let started = 0
    for (let step = 0; step < 400; step++) {
      const choice = random()
      if (processes.length < 2 || (choice < 0.03 && processes.length < 6)) {
        const added = new FakeProcess(`process ${started++}`)
        aggregate.add(added.name, String(started))
        processes.push(added)
      } else if (choice < 0.06) {
        const ended = processes.shift() as FakeProcess
        ended.send((...frame) => aggregate.read(...frame))
        aggregate.end(ended.name)
      } else if (choice < 0.09) {
        // Another process continues with what the one before knew; all connect to it again.
        const replica = new Replica(1)
        for (const worker of aggregate.workers) {
          for (const { numbers, ...head } of tableFrames(aggregate.rowsOf(worker))) replica.read(worker, '', head, numbers)
        }
        aggregate = createAggregate()
        aggregate.adopt(replica)
        for (const one of processes) {
          aggregate.add(one.name, one.name)
          one.feed.restart()
          one.send((...frame) => aggregate.read(...frame))
          aggregate.endRestart(one.name)
        }
      } else if (choice < 0.4) {
        for (const one of processes) if (random() < 0.5) one.send((...frame) => aggregate.read(...frame))
      } else {
        const one = processes[Math.floor(random() * processes.length)] as FakeProcess
        recordRandom(random, [one.registry, expected])
      }
    }
    for (const one of processes) one.send((...frame) => aggregate.read(...frame))
    processes = []
    const [got, wanted] = [readValues(aggregate.registry), readValues(expected)]
    expect([...got.keys()].sort()).toEqual([...wanted.keys()].sort())
    for (const [series, value] of wanted) {
      if (typeof value === 'number') expect(got.get(series), series).toBe(value)
      else {
        const { sum, ...others } = value as { sum: number }
        const { sum: gotSum, ...gotOthers } = got.get(series) as { sum: number }
        expect(gotOthers, series).toEqual(others)
        expect(gotSum, series).toBeCloseTo(sum, 9)
      }
    }
  })
}

test('gauges are combined as the catalog declares, and those of an ended process are gone', () => {
  const aggregate = createAggregate()
  const processes = ['a', 'b', 'c'].map((name) => new FakeProcess(name))
  const gauges: Array<[name: string, labels: Record<string, string>, values: readonly number[]]> = [
    ['db_queue_depth', { store: 'orders' }, [1, 2, 4]],
    ['db_oldest_operation_age_seconds', { store: 'orders' }, [1, 2, 4]],
    ['db_disk_available_bytes', { store: 'orders' }, [30, 20, 40]],
    ['db_total_disk_bytes', { store: 'orders' }, [100, 101, 7]],
    ['db_health_status', { check: 'disk_space', status: 'healthy' }, [1, 1, 0]],
    ['db_health_status', { check: 'disk_space', status: 'degraded' }, [0, 0, 1]],
    ['db_health_status', { check: 'disk_space', status: 'critical' }, [0, 0, 0]],
  ]
  for (const [index, one] of processes.entries()) {
    aggregate.add(one.name, String(index + 1))
    // The first two have opened the same database.
    aggregate.setDatabases(one.name, { orders: index < 2 ? 'one' : 'other' })
    for (const [name, labels, values] of gauges) one.registry.gauge(name, labels).set(values[index])
    one.send((...frame) => aggregate.read(...frame))
  }
  const read = (): unknown[] => {
    aggregate.publishGauges()
    return gauges.map(([name, labels]) => aggregate.registry.gauge(name, labels).value)
  }
  expect(read()).toEqual([7, 4, 20, 108, 0, 1, 0])
  aggregate.end('c')
  expect(read()).toEqual([3, 2, 20, 101, 1, 0, 0])
  aggregate.withdrawGauges('a')
  aggregate.end('b')
  expect(read()).toEqual(gauges.map(() => undefined))
})

test('the threads of a process have its memory in common', () => {
  const aggregate = createAggregate()
  for (const [index, name] of ['main', 'thread 1', 'thread 2'].entries()) {
    const one = new FakeProcess(name)
    aggregate.add(name, String(index), '4711')
    one.registry.setGauge('wombat_process_resident_memory_bytes', 100 + index)
    one.registry.setGauge('wombat_process_heap_used_bytes', 10)
    one.send((...frame) => aggregate.read(...frame))
  }
  aggregate.publishGauges()
  expect(aggregate.registry.gauge('wombat_process_resident_memory_bytes').value).toBe(102)
  expect(aggregate.registry.gauge('wombat_process_heap_used_bytes').value).toBe(30)
})

test('with the label `worker`, a process continues the series of an ended one with its label', () => {
  const aggregate = createAggregate(true)
  for (const [name, slot] of [
    ['a', '1'],
    ['b', '2'],
    ['c', '1'],
  ] as const) {
    const one = new FakeProcess(name)
    aggregate.add(name, slot)
    new DatabaseMetrics(one.registry, { store: 'orders', operations: ['get'] }).recordGet(1e6, true)
    one.send((...frame) => aggregate.read(...frame))
    if (name === 'a') aggregate.end('a')
  }
  const counters = aggregate.registry.getAllMetrics().filter(({ name }) => name === 'db_get_operations_total')
  expect(counters.map(({ labels, value }) => [labels, value])).toEqual([
    [{ store: 'orders', worker: '1' }, 2],
    [{ store: 'orders', worker: '2' }, 1],
  ])
})

test('metrics of the application are declared, and one with two definitions is counted as refused', () => {
  const aggregate = createAggregate()
  const warnings: string[] = []
  aggregate.registry.warn = (message) => warnings.push(message)
  const definition = {
    name: 'app_jobs_total',
    kind: 'counter',
    unit: '{job}',
    description: 'Jobs.',
    attributes: ['queue'],
  } as const
  const [first, second] = [new FakeProcess('first'), new FakeProcess('second')]
  first.registry.declare(definition)
  second.registry.declare({ ...definition, attributes: ['topic'] })
  first.registry.incrementCounter('app_jobs_total', 2, { queue: 'mail' })
  second.registry.incrementCounter('app_jobs_total', 3, { topic: 'mail' })
  for (const one of [first, second]) {
    aggregate.add(one.name, one.name)
    one.send((...frame) => aggregate.read(...frame))
  }
  expect(aggregate.registry.counter('app_jobs_total', { queue: 'mail' }).value).toBe(2)
  expect(warnings.join('\n')).toMatch(/app_jobs_total: value rejected .*another process: .*already declared with attributes/)
})

test('a process that starts again at zero counts only what it records from then on', () => {
  const aggregate = createAggregate()
  const one = new FakeProcess('a')
  one.registry.incrementCounter('db_get_operations_total', 100, { store: 'orders' })
  for (let record = 0; record < 5; record++) one.registry.recordHistogram('db_get_latency_seconds', 0.5, { store: 'orders' })
  one.feed.restartAtZero(one.registry)
  aggregate.add('a', '1')
  one.send((...frame) => aggregate.read(...frame))
  expect(aggregate.registry.counter('db_get_operations_total', { store: 'orders' }).value).toBe(0)
  one.registry.incrementCounter('db_get_operations_total', 7, { store: 'orders' })
  one.registry.recordHistogram('db_get_latency_seconds', 0.25, { store: 'orders' })
  one.send((...frame) => aggregate.read(...frame))
  expect(aggregate.registry.counter('db_get_operations_total', { store: 'orders' }).value).toBe(7)
  const { count, sum } = aggregate.registry.histogram('db_get_latency_seconds', { store: 'orders' }).snapshot()
  expect({ count, sum }).toEqual({ count: 1, sum: 0.25 })
})

test('exemplars of all processes are in the sums, the last one of each bucket', () => {
  const aggregate = createAggregate()
  const exemplar = (value: number, timeMs: number) => ({ value, timeMs, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) })
  const processes = ['one', 'other'].map((name, index) => {
    const process = new FakeProcess(name)
    aggregate.add(name, String(index))
    return { process, latency: process.registry.histogram('db_get_latency_seconds', { store: 'orders' }) }
  })
  const receive = (worker: string, head: never, numbers: Float64Array) => aggregate.read(worker, head, numbers)
  for (const [index, { process, latency }] of processes.entries()) {
    for (const value of [0.003, 0.1 * (index + 1)]) {
      latency.record(value)
      latency.setExemplar(exemplar(value, index))
    }
    process.send(receive)
  }
  const sums = aggregate.registry.histogram('db_get_latency_seconds', { store: 'orders' })
  expect(sums.exemplars).toEqual([exemplar(0.003, 1), exemplar(0.1, 0), exemplar(0.2, 1)])
})

test('a store that all processes have forgotten is forgotten in the sum, and one that some have stays with what all have counted', () => {
  const aggregate = createAggregate()
  const replica = new Replica(1)
  const processes = [new FakeProcess('one'), new FakeProcess('two'), new FakeProcess('three')]
  const [one, two, third] = processes as [FakeProcess, FakeProcess, FakeProcess]
  for (const { name } of processes) aggregate.add(name, name)
  const labels = { store: 'orders' }
  const send = (): void => {
    for (const each of processes) {
      each.send((worker, head, numbers) => {
        const { forgotten, grown } = aggregate.read(worker, head, numbers)
        replica.read(worker, worker, head, numbers)
        // As the replication does.
        if (forgotten.length > 0) replica.read('ended', '', { series: [], metrics: [], forgotten }, new Float64Array(0))
        for (const { numbers: values, ...frame } of tableFrames(grown)) replica.read('ended', '', frame, values)
      })
    }
    aggregate.publishGauges()
  }
  for (const { registry } of processes) {
    registry.incrementCounter('db_get_operations_total', 10, labels)
    registry.recordHistogram('db_get_latency_seconds', 0.5, labels)
    registry.setGaugeWithLabels('db_queue_depth', 2, labels)
  }
  send()
  expect(readValues(aggregate.registry).get('db_queue_depth {"store":"orders"}')).toBe(6)
  one.registry.forget('orders')
  third.registry.forget('orders')
  two.registry.incrementCounter('db_get_operations_total', 1, labels)
  send()
  expect(readValues(aggregate.registry).get('db_get_operations_total {"store":"orders"}')).toBe(31)
  expect(readValues(aggregate.registry).get('db_queue_depth {"store":"orders"}')).toBe(2)
  const next = createAggregate()
  next.adopt(replica)
  expect(readValues(next.registry).get('db_get_operations_total {"store":"orders"}')).toBe(31)
  // The name comes back in one of them.
  one.registry.incrementCounter('db_get_operations_total', 4, labels)
  send()
  expect(readValues(aggregate.registry).get('db_get_operations_total {"store":"orders"}')).toBe(35)
  for (const { registry } of processes) registry.forget('orders')
  send()
  expect([...readValues(aggregate.registry).keys()].filter((key) => key.includes('orders'))).toEqual([])
  expect(
    [...replica.workers].flatMap((worker) => [...replica.rowsOf(worker)]).filter(([, { labels: of }]) => of['store']),
  ).toEqual([])
  two.registry.incrementCounter('db_get_operations_total', 3, labels)
  send()
  expect(readValues(aggregate.registry).get('db_get_operations_total {"store":"orders"}')).toBe(3)
})

test('stores that are forgotten while their process is not connected are forgotten with its next frames', () => {
  const aggregate = createAggregate()
  const one = new FakeProcess('one')
  aggregate.add('one', '1')
  const labels = { store: 'orders' }
  one.registry.incrementCounter('db_get_operations_total', 10, labels)
  one.registry.incrementCounter('db_get_operations_total', 10, { store: 'gone' })
  one.send((...frame) => void aggregate.read(...frame))
  aggregate.endRestart('one')
  one.registry.forget('orders')
  one.registry.forget('gone')
  one.registry.incrementCounter('db_get_operations_total', 3, labels)
  one.feed.restart()
  one.send((...frame) => void aggregate.read(...frame))
  aggregate.endRestart('one')
  const values = readValues(aggregate.registry)
  expect(values.get('db_get_operations_total {"store":"orders"}')).toBe(3)
  expect([...values.keys()].filter((key) => key.includes('gone'))).toEqual([])
})

test('the numbers of forgotten series are used again, so that ten thousand names need no more than one', () => {
  const aggregate = createAggregate()
  const one = new FakeProcess('one')
  aggregate.add('one', '1')
  let highest = 0
  for (let index = 0; index < 10_000; index++) {
    const store = `store ${index}`
    one.registry.incrementCounter('db_get_operations_total', 1, { store })
    one.send((worker, head, numbers) => void aggregate.read(worker, head, numbers))
    for (const [id] of aggregate.rowsOf('one')) highest = Math.max(highest, id)
    one.registry.forget(store)
  }
  expect(highest).toBeLessThan(5)
  expect(aggregate.registry.getAllMetrics().length).toBeLessThan(5)
})
