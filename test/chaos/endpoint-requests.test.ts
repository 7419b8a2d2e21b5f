import { startMonitoring } from '@wombat/monitor'
import { httpRequest } from '@wombat/test-support/http-request'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { type ApiDescription, createRequests, type EndpointRequest } from './endpoint-requests.ts'
import { Random } from './random-choice.ts'

test.each([1, 2, 3])(
  'requests made from the description with the seed %i are answered as it says, and every refusal says why',
  async (seed) => {
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: object) => errors.push(fields) }
    const errors: object[] = []
    const monitoring = await startMonitoring({
      jsonApiPort: 0,
      prometheusEnabled: true,
      prometheusPort: 0,
      historyIntervalMs: 100,
      logger,
    })
    onTestFinished(() => monitoring.close())
    const store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
    await store.put('a', '1')
    const { json = '', prometheus = '' } = monitoring.addresses
    const { body } = await httpRequest(`${json}/api/v1/openapi.json`)
    const requests = createRequests(JSON.parse(body.toString()) as ApiDescription, new Random(seed))
    const seen = new Set<number>()
    const wrong: string[] = []
    for (let count = 0; count < 2000; count++) {
      const asked = requests.next().value as EndpointRequest
      const headers = asked.body === undefined ? {} : { 'content-type': 'application/json' }
      const answer = await httpRequest(`${asked.path.startsWith('/metrics') ? prometheus : json}${asked.path}`, {
        method: asked.method,
        headers,
        ...(asked.body !== undefined && { body: asked.body }),
      })
      seen.add(answer.status)
      const text = answer.body.toString()
      const isExplained = answer.status < 400 || text.length > 0
      if (!asked.statuses.has(answer.status) || !isExplained)
        wrong.push(`${asked.method} ${asked.path}: ${answer.status} ${text}`.slice(0, 400))
    }
    expect(wrong).toEqual([])
    expect(errors).toEqual([])
    // Otherwise the requests test little.
    expect([...seen]).toEqual(expect.arrayContaining([200, 400, 404]))
  },
  60_000,
)
