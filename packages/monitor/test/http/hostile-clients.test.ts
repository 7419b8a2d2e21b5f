import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpRequest } from '@wombat/test-support/http-request'
import { expect, test } from 'vitest'
import { ServiceProcess } from './service-process.ts'

const mebibyte = 2 ** 20
const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

/** Returns a counter of refused requests. */
async function refused({ addresses }: ServiceProcess, reason: string): Promise<number> {
  const { body } = await httpRequest(`${addresses.prometheus}/metrics`)
  const [, value] =
    new RegExp(`^wombat_monitor_requests_refused_total\\{.*reason="${reason}".*\\} (\\d+)`, 'm').exec(body.toString()) ?? []
  return Number(value)
}

test('thousands of pipelined requests whose answers are not read neither fill the memory nor keep a probe out', async () => {
  const service = await ServiceProcess.start({ stores: 100, flags: ['--max-old-space-size=160'] })
  const { json } = service.addresses
  expect((await httpRequest(`${json}/api/v1/metrics`)).body.length).toBeGreaterThan(mebibyte / 2)
  const before = await service.memoryBytes()
  for (let client = 0; client < 4; client++) {
    const socket = service.connect('json').pause()
    socket.write(request('/api/v1/metrics').repeat(1500))
  }
  // And as many as may wait, of many clients.
  for (let client = 0; client < 100; client++) service.connect('json').pause().write(request('/api/v1/metrics').repeat(60))
  for (let probe = 0; probe < 20; probe++) {
    expect((await httpRequest(`${json}/livez`)).status).toBe(200)
    await sleep(50)
  }
  expect(service.isRunning).toBe(true)
  expect((await service.memoryBytes()) - before).toBeLessThan(250 * mebibyte)
  expect(await refused(service, 'pipelined')).toBeGreaterThanOrEqual(4)
}, 60_000)

test.runIf(process.platform === 'linux')(
  'idle clients beyond the limit of open files neither end the process nor keep a probe out',
  async () => {
    // Node 22 opens all sources of the service at once.
    const service = await ServiceProcess.start({ openFiles: 512 })
    for (let round = 0; round < 3; round++) {
      const idle = Array.from({ length: 800 }, () => service.connect('json'))
      await sleep(500)
      expect((await httpRequest(`${service.addresses.json}/livez`)).status).toBe(200)
      expect(service.isRunning).toBe(true)
      for (const socket of idle) socket.destroy()
    }
    expect(await refused(service, 'connections')).toBeGreaterThan(0)
  },
  60_000,
)

test('a client that sends nothing, or a request that does not end, is disconnected', async () => {
  const service = await ServiceProcess.start()
  const startMs = performance.now()
  const silent = service.connect('json')
  const slow = service.connect('json')
  let text = ''
  slow.on('data', (data) => {
    text += data.toString()
  })
  await once(slow, 'connect')
  const drip = setInterval(() => slow.write('x'), 500)
  slow.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  await Promise.all([once(silent.resume(), 'close'), once(slow, 'close')])
  clearInterval(drip)
  // Node's own time-outs are one minute and five.
  expect(performance.now() - startMs).toBeLessThan(40_000)
  expect(text).toContain('408 Request Timeout')
}, 60_000)
