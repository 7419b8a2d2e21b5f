import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpRequest } from '@wombat/test-support/http-request'
import { expect, test } from 'vitest'
import { ServiceProcess } from './service-process.ts'

/** Requests that are sent whether the ones before are answered or not, over a few connections that stay open. */
class Load {
  readonly #sockets: readonly Socket[]
  readonly #request: string
  readonly #waiting: number[][]
  readonly statuses = new Map<number, number>()
  sent = 0
  answered = 0
  longestMs = 0

  constructor(sockets: readonly Socket[], path: string) {
    this.#sockets = sockets
    this.#request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    this.#waiting = sockets.map(() => [])
    for (const [index, socket] of sockets.entries()) this.#read(socket, this.#waiting[index] ?? [])
  }

  send(): void {
    const index = this.sent++ % this.#sockets.length
    this.#waiting[index]?.push(performance.now())
    this.#sockets[index]?.write(this.#request)
  }

  #read(socket: Socket, waiting: number[]): void {
    const start = 'HTTP/1.1 200'
    let rest = ''
    socket.on('data', (data) => {
      const text = rest + data.toString('latin1')
      let end = 0
      for (const { 0: head, 1: status, index } of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
        end = index + head.length
        this.answered++
        this.statuses.set(Number(status), (this.statuses.get(Number(status)) ?? 0) + 1)
        this.longestMs = Math.max(this.longestMs, performance.now() - (waiting.shift() ?? 0))
      }
      rest = text.slice(Math.max(end, text.length - start.length + 1))
    })
  }
}

test('1,000 scrapes and 10,000 probes a second are answered or refused, each of them, and counted', async () => {
  const seconds = 3
  const service = await ServiceProcess.start({ stores: 3 })
  const { prometheus } = service.addresses
  await expect.poll(async () => (await httpRequest(`${prometheus}/readyz`)).status).toBe(200)
  const open = async (count: number): Promise<Socket[]> => {
    const sockets = Array.from({ length: count }, () => service.connect('prometheus'))
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    return sockets
  }
  const loads = [
    { load: new Load(await open(50), '/livez'), perSecond: 5000 },
    { load: new Load(await open(50), '/readyz'), perSecond: 5000 },
    { load: new Load(await open(40), '/metrics'), perSecond: 1000 },
  ]
  const startMs = performance.now()
  for (let elapsedSeconds = 0; elapsedSeconds < seconds; ) {
    elapsedSeconds = Math.min(seconds, (performance.now() - startMs) / 1000)
    for (const { load, perSecond } of loads) while (load.sent < elapsedSeconds * perSecond) load.send()
    await sleep(2)
  }
  await expect.poll(() => loads.map(({ load }) => load.sent - load.answered), { timeout: 20_000 }).toEqual([0, 0, 0])
  for (const { load, perSecond } of loads) {
    expect(load.sent).toBe(perSecond * seconds)
    expect([200, 503]).toEqual(expect.arrayContaining([...load.statuses.keys()]))
    // A client of a probe gives up after a second to ten. How long the machine takes is no matter of a test.
    expect(load.longestMs).toBeLessThan(20_000)
  }
  const { body } = await httpRequest(`${prometheus}/metrics`)
  const counted = [...body.toString().matchAll(/^wombat_monitor_(?:requests_refused|scrapes_dropped)_total\{.*\} (\d+)/gm)]
  const refused = loads.reduce((sum, { load }) => sum + (load.statuses.get(503) ?? 0), 0)
  expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(refused)
}, 90_000)
