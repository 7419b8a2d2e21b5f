import { ask } from '@wombat/test-support/http-request'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { type MonitoringConfig, resolveConfig } from '../config/resolve-config.ts'
import { type HttpServers, startServers } from './servers.ts'

const routes = {
  prometheus: new Hono().get('/metrics', (context) => context.text('text')),
  json: new Hono().get('/api/v1/metrics', (context) => context.json([])),
}

async function opened(config: MonitoringConfig): Promise<HttpServers> {
  const doors = await startServers(resolveConfig(config, {}), routes)
  onTestFinished(() => doors.close())
  return doors
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const doors = await opened({ jsonApiPort: 0 })
  await doors.close()
  return portOf(doors.addresses.json)
}

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? '').port)
}

async function statusOf(url: string | undefined): Promise<number> {
  return (await ask(url ?? '')).status
}

test('each door has a server of its own, with its own routes', async () => {
  const { addresses } = await opened({ prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 })
  expect(addresses.prometheus).not.toBe(addresses.json)
  expect(await statusOf(`${addresses.prometheus}/metrics`)).toBe(200)
  expect(await statusOf(`${addresses.prometheus}/api/v1/metrics`)).toBe(404)
  expect(await statusOf(`${addresses.json}/api/v1/metrics`)).toBe(200)
  expect(await statusOf(`${addresses.json}/metrics`)).toBe(404)
})

test('a door that is closed has no address', async () => {
  expect((await opened({ jsonApiEnabled: false })).addresses).toEqual({})
  const { addresses } = await opened({ prometheusEnabled: true, prometheusPort: 0, jsonApiEnabled: false })
  expect(Object.keys(addresses)).toEqual(['prometheus'])
})

test('two doors on one port are one server', async () => {
  const port = await freePort()
  const { addresses } = await opened({ prometheusEnabled: true, prometheusPort: port, jsonApiPort: port })
  expect(addresses).toEqual({ prometheus: `http://127.0.0.1:${port}`, json: `http://127.0.0.1:${port}` })
  expect(await statusOf(`${addresses.json}/metrics`)).toBe(200)
  expect(await statusOf(`${addresses.json}/api/v1/metrics`)).toBe(200)
})

test('the token is asked for at every door', async () => {
  const authToken = 'a-token-of-sixteen-or-more'
  const { addresses } = await opened({ authToken, prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 })
  expect(await statusOf(`${addresses.prometheus}/metrics`)).toBe(401)
  expect(await statusOf(`${addresses.json}/api/v1/metrics`)).toBe(401)
})

test('each door answers questions about health, and asks nobody for a token there', async () => {
  const health = new Hono().get('/livez', (context) => context.text('ok'))
  const authToken = 'a-token-of-sixteen-or-more'
  const config = { authToken, prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 }
  const doors = await startServers(resolveConfig(config, {}), { ...routes, health })
  onTestFinished(() => doors.close())
  for (const url of Object.values(doors.addresses)) {
    expect(await statusOf(`${url}/livez`)).toBe(200)
    expect(await statusOf(`${url}/metrics`)).toBe(401)
  }
})

test('a door that cannot be opened closes the one that was', async () => {
  const taken = portOf((await opened({ jsonApiPort: 0 })).addresses.json)
  const prometheusPort = await freePort()
  const failure = opened({ prometheusEnabled: true, prometheusPort, jsonApiPort: taken })
  await expect(failure).rejects.toThrow(`jsonApiPort: cannot listen on 127.0.0.1:${taken}: it is in use.`)
  await expect(ask(`http://127.0.0.1:${prometheusPort}/metrics`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('where two doors share a port that is in use, both options are named', async () => {
  const taken = portOf((await opened({ jsonApiPort: 0 })).addresses.json)
  const failure = opened({ prometheusEnabled: true, prometheusPort: taken, jsonApiPort: taken })
  await expect(failure).rejects.toThrow(/^prometheusPort and jsonApiPort: cannot listen on/)
})

test('closing closes every door', async () => {
  const doors = await opened({ prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0 })
  await doors.close()
  for (const url of Object.values(doors.addresses)) await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
