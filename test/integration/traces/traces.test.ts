import { randomBytes } from 'node:crypto'
import type { SlowRecord } from '@wombat/monitor'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { httpRequest } from '@wombat/test-support/http-request'
import { describe, expect, test } from 'vitest'
import type { OtlpSpan } from './otlp-spans.ts'
import { type Caller, startService } from './service.ts'
import { startTraceCollector, type TraceCollector } from './trace-collector.ts'

const caller = (): Caller => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') })
const isOperation = ({ scope }: OtlpSpan): boolean => scope === '@wombat/instrumentation'

/** Spans are sorted by name: their clock has a resolution of milliseconds, and exports can overtake each other. */
const byName = (one: OtlpSpan, other: OtlpSpan): number => (one.name < other.name ? -1 : 1)

/** The operations of a request for `/orders/<number>`. `error.type` is set only if the operation failed. */
function expected(number: number) {
  const operation = (store: string, verb: string, more = {}) => ({
    name: `${verb} ${store}`,
    kind: 'internal',
    isError: 'error.type' in more,
    attributes: { 'db.system.name': 'leveldb', 'db.namespace': store, 'db.operation.name': verb, ...more },
  })
  return [
    operation('orders', 'batch', { 'db.operation.batch.size': String(number) }),
    operation('accounts', 'get', { 'error.type': 'LEVEL_CORRUPTION' }),
    operation('orders', 'get'),
    operation('orders', 'scan'),
    operation('orders', 'set'),
  ]
}

const toComparable = ({ name, kind, isError, attributes }: OtlpSpan) => ({ name, kind, isError, attributes })

/** Waits until the Collector has this many spans of a caller's trace. Returns the server span and the operation spans. */
async function waitForTrace(collector: TraceCollector, { traceId }: Caller, count: number) {
  const inTrace = () => collector.spans().filter((span) => span.traceId === traceId)
  await expect.poll(() => inTrace().map(({ name }) => name), { timeout: 10_000 }).toHaveLength(count)
  const server = inTrace().find(({ kind }) => kind === 'server') as OtlpSpan
  return { server, operations: inTrace().filter(isOperation).sort(byName) }
}

describe.skipIf(!areInstalled('otelcol'))('spans received by a real Collector', () => {
  test.each(['monitored', 'found'] as const)(
    'each operation of a %s store is a child span of its own request, with twenty requests at a time',
    async (stores) => {
      const collector = await startTraceCollector()
      const service = await startService(collector.url, stores)
      // From 2 on: by the convention, a batch of one entry has no batch size.
      const requests = Array.from({ length: 20 }, (_, index) => ({ number: index + 2, from: caller() }))
      await Promise.all(requests.map(({ number, from }) => service.request(`/orders/${number}`, from)))
      for (const { number, from } of requests) {
        const { server, operations } = await waitForTrace(collector, from, 6)
        expect(server.parentSpanId).toBe(from.spanId)
        expect(operations.map(toComparable)).toEqual(expected(number))
        expect(operations.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(5).fill(server.spanId))
      }
      const ours = collector.spans().filter(isOperation)
      expect(ours).toHaveLength(5 * requests.length)
      expect(ours.map(({ text }) => text).join()).not.toMatch(/secret|account:|corrupt/)
    },
  )

  test('a request without a trace starts one that contains its operations', async () => {
    const collector = await startTraceCollector()
    const service = await startService(collector.url, 'monitored')
    await service.request('/orders/2')
    await expect.poll(() => collector.spans().filter(isOperation), { timeout: 10_000 }).toHaveLength(5)
    const server = collector.spans().find(({ kind }) => kind === 'server')
    expect(server?.parentSpanId).toBeUndefined()
    for (const { traceId, parentSpanId } of collector.spans().filter(isOperation)) {
      expect({ traceId, parentSpanId }).toEqual({ traceId: server?.traceId, parentSpanId: server?.spanId })
    }
  })

  test('slow operations have the ids of their spans in the log and in the API', async () => {
    const collector = await startTraceCollector()
    const service = await startService(collector.url, 'monitored')
    const from = caller()
    await service.request('/orders/2', from)
    const { operations } = await waitForTrace(collector, from, 6)
    const ids = operations.map(({ name, traceId, spanId }) => `${name} ${traceId} ${spanId}`)
    const identify = ({ operation, store, traceId, spanId }: SlowRecord): string => `${operation} ${store} ${traceId} ${spanId}`
    const { body } = await httpRequest(`${service.jsonUrl}/api/v1/slow-operations`)
    const { slowOperations } = JSON.parse(body.toString()) as { slowOperations: SlowRecord[] }
    expect(slowOperations.map(identify).sort()).toEqual(ids)
    const lines = (await service.stop()).split('\n').filter((line) => line.includes('"slow operation"'))
    expect(lines.map((line) => identify(JSON.parse(line) as SlowRecord)).sort()).toEqual(ids)
  })

  test('tracing can be switched off and on at run time', async () => {
    const collector = await startTraceCollector()
    const service = await startService(collector.url, 'monitored')
    await service.request('/tracing/0')
    const [off, on] = [caller(), caller()]
    await service.request('/orders/2', off)
    await service.request('/tracing/1')
    await service.request('/orders/3', on)
    expect((await waitForTrace(collector, on, 6)).operations.map(toComparable)).toEqual(expected(3))
    expect((await waitForTrace(collector, off, 1)).operations).toEqual([])
  })

  test('operations that wait for their store to open are children of the request that called them', async () => {
    const collector = await startTraceCollector()
    const service = await startService(collector.url, 'monitored')
    const callers = Array.from({ length: 5 }, caller)
    await Promise.all(callers.map((from, index) => service.request(`/archive/${index}`, from)))
    for (const from of callers) {
      const { server, operations } = await waitForTrace(collector, from, 3)
      expect(operations.map(({ name, parentSpanId }) => `${name} ${parentSpanId === server.spanId}`).sort()).toEqual([
        'scan archive true',
        'set archive true',
      ])
    }
  })
})
