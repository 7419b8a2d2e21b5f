import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { MonitorClient } from './monitor-client.ts'

test('an answer that does not end is read to a limit, and not into memory until it is full', async () => {
  const piece = Buffer.alloc(2 ** 20, ' ')
  let sentMebibytes = 0
  const server = createServer((_request, response) => {
    const send = (): void => {
      while (!response.destroyed && response.write(piece)) sentMebibytes++
      sentMebibytes++
    }
    response.on('drain', send)
    send()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const client = new MonitorClient({ url, token: undefined })
  await expect(client.get('api/v1/stores', {}, new AbortController().signal)).rejects.toThrow(
    `${url.origin} does not answer: it sends more than 64 MiB; check that the port is that of its JSON API (jsonApiPort)`,
  )
  expect(sentMebibytes).toBeLessThan(200)
})
