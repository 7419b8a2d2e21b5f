import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ask } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { type Listener, listen } from './server.ts'

// As they are before the first server: whoever replaces them does so once.
const { Request: request, Response: response } = globalThis

async function opened(port = 0, host = '127.0.0.1', option = 'prometheusPort'): Promise<Listener> {
  const listener = await listen(
    new Hono().get('/', (context) => context.text('here')),
    host,
    port,
    option,
  )
  onTestFinished(() => listener.close())
  return listener
}

function portOf({ url }: Listener): number {
  return Number(new URL(url).port)
}

test('port 0 is any free port, each time another one, and the address says which', async () => {
  const [one, other] = [await opened(), await opened()]
  expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(portOf(one)).not.toBe(portOf(other))
  for (const { url } of [one, other]) expect((await ask(url)).body.toString()).toBe('here')
})

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))

test.runIf(hasIPv6)('an IPv6 address is written as addresses write it', async () => {
  const { url } = await opened(0, '::1')
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect((await ask(url)).status).toBe(200)
})

test('a port in use is an error that names the option and says what to do', async () => {
  const port = portOf(await opened())
  const failure = opened(port, '127.0.0.1', 'jsonApiPort')
  await expect(failure).rejects.toThrow(
    `jsonApiPort: cannot listen on 127.0.0.1:${port}: it is in use. Set jsonApiPort to another port, or to 0 for any free one.`,
  )
  await expect(failure).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } })
})

test('an address that this machine does not have is an error about the host, not the port', async () => {
  // Of the block for documentation (RFC 5737): no machine has it.
  const failure = opened(0, '192.0.2.1')
  await expect(failure).rejects.toThrow(/this machine has no such address. Set host to one that it has.$/)
  await expect(failure).rejects.not.toThrow(/Set prometheusPort/)
})

test('closing frees the port, once and for all', async () => {
  const listener = await opened()
  await listener.close()
  await listener.close()
  await expect(ask(listener.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect((await opened(portOf(listener))).url).toBe(listener.url)
})

test('closing does not wait for connections that are kept alive, nor for those that stopped in the middle', async () => {
  const listener = await opened()
  const stopped = connect(portOf(listener), '127.0.0.1')
  const gone = once(stopped, 'close')
  stopped.on('error', () => {})
  await once(stopped, 'connect')
  stopped.write('GET / HTTP/1.1\r\nHost: loc')
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  await new Promise<void>((resolve) => {
    get(listener.url, { agent }, (response) => response.resume().once('end', resolve))
  })
  await listener.close()
  await gone
})

test('the globals of the process stay as they are', async () => {
  const { url } = await opened()
  await ask(url)
  expect(globalThis.Request).toBe(request)
  expect(globalThis.Response).toBe(response)
})
