import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { instrument, MetricsRegistry, type Operation, operations, storeAdapters, uninstrument } from '@wombat/instrumentation'
import { readMeasured } from '@wombat/instrumentation/testing'
import { isRedisInstalled, type RedisServer, redisTitle, startRedis } from '@wombat/test-support/redis'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RedisClient, redisClients } from './clients.ts'

const libraries = Object.keys(redisClients)

describe.skipIf(!isRedisInstalled)(redisTitle('Redis'), () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server?.stop())

  /** Connects a client of a library to an empty server; it is closed after the test. */
  async function connected(library: string, registry?: MetricsRegistry, options?: object): Promise<RedisClient> {
    const client = redisClients[library]?.(server.port, options) as RedisClient
    if (registry !== undefined) instrument(client.client, { name: 'orders', registry })
    await client.connect()
    onTestFinished(() => client.quit().catch(() => {}))
    return client
  }

  /** Returns how often the server has run each command since the last reset of its statistics. */
  async function commandStatistics(client: RedisClient): Promise<ReadonlyMap<string, number>> {
    const text = String(await client.command('INFO', 'commandstats'))
    const lines = text.matchAll(/^cmdstat_([\w|-]+):calls=(\d+),.*failed_calls=(\d+)/gm)
    return new Map([...lines].map(([, name = '', calls]) => [name, Number(calls)]))
  }

  const value = (registry: MetricsRegistry, metric: string): unknown =>
    registry.getAllMetrics().find(({ name, labels }) => name === metric && labels['store'] === 'orders')?.value

  test.each(libraries)('exactly one adapter matches a client of %s', async (library) => {
    const { client } = await connected(library)
    expect(storeAdapters.filter((adapter) => adapter.matches(client))).toHaveLength(1)
  })

  test.each(libraries)('the counts of %s under a mixed load are those of the server', async (library) => {
    const registry = new MetricsRegistry()
    const observer = await connected('ioredis 5')
    const client = await connected(library, registry)
    await observer.command('FLUSHALL')
    await observer.command('CONFIG', 'RESETSTAT')
    const pending: Array<Promise<unknown>> = []
    for (let round = 0; round < 300; round++) {
      const key = `key ${round % 20}`
      pending.push(
        client.command('SET', key, `${round}`),
        client.command('GET', key),
        client.command('GET', 'missing'),
        client.command('MGET', key, 'missing'),
        client.command('EXISTS', key),
        client.command('LPUSH', key, 'wrong type').catch(() => {}),
        client.command('SCAN', '0', 'COUNT', '100'),
        client.command('DEL', `key ${(round + 7) % 20}`),
        client.command('PING'),
      )
      if (round % 10 === 0)
        pending.push(
          client.pipeline([
            ['SET', 'p', '1'],
            ['GET', 'p'],
            ['INCR', 'p'],
          ]),
        )
      if (round % 10 === 5)
        pending.push(
          client.transaction([
            ['SET', 't', '1'],
            ['INCR', 't'],
          ]),
        )
    }
    await Promise.all(pending)
    const statistics = await commandStatistics(observer)
    const measured = readMeasured(registry, 'orders')
    const part = { set: 30 + 30, get: 30, incr: 30 + 30 }
    const expected: Partial<Record<Operation, unknown>> = {
      get: { operations: (statistics.get('get') ?? 0) - part.get, errors: 0 },
      get_many: { operations: statistics.get('mget'), errors: 0 },
      has: { operations: statistics.get('exists'), errors: 0 },
      delete: { operations: statistics.get('del'), errors: 0 },
      set: { operations: (statistics.get('set') ?? 0) - part.set + 300, errors: 300 },
      batch: { operations: 60, errors: 0, entries: 30 * 3 + 30 * 2 },
    }
    expect(measured).toMatchObject(expected)
    expect(measured.scan?.operations).toBe(300)
    expect(measured.get?.operations).toBe(600)
    expect([value(registry, 'db_get_hits_total'), value(registry, 'db_get_misses_total')]).toEqual([300, 300])
    expect(value(registry, 'db_transaction_commits_total')).toBe(30)
    expect(value(registry, 'db_queue_depth')).toBe(0)
  })

  test.each(libraries)(
    'an error of %s is counted with the code of the reply, and its caller gets it unchanged',
    async (library) => {
      const registry = new MetricsRegistry()
      const bare = await connected(library)
      const client = await connected(library, registry)
      await client.command('SET', 'text', 'a secret value')
      const messages = await Promise.all(
        [bare, client].map((each) =>
          each.command('LPUSH', 'text', 'x').then(String, (error: Error) => `${error.name} ${error.message}`),
        ),
      )
      expect(messages[0]).toContain('WRONGTYPE')
      expect(messages[1]).toBe(messages[0])
      const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
      expect(errors.map(({ labels }) => labels)).toEqual([{ store: 'orders', operation: 'set', error_type: 'WRONGTYPE' }])
      expect(JSON.stringify(registry.getAllMetrics())).not.toMatch(/secret|text/)
    },
  )

  test.each(libraries)('two clients of %s on the same server and database are counted apart', async (library) => {
    const [one, other] = [new MetricsRegistry(), new MetricsRegistry()]
    const [first, second] = [await connected(library, one), await connected(library, other)]
    const unmeasured = await connected(library)
    await Promise.all([
      ...Array.from({ length: 30 }, () => first.command('GET', 'a')),
      ...Array.from({ length: 20 }, () => second.command('GET', 'a')),
      ...Array.from({ length: 10 }, () => unmeasured.command('GET', 'a')),
    ])
    expect(readMeasured(one, 'orders').get).toEqual({ operations: 30, errors: 0 })
    expect(readMeasured(other, 'orders').get).toEqual({ operations: 20, errors: 0 })
  })

  test.each(libraries)('uninstrument leaves no trace on a client of %s', async (library) => {
    const registry = new MetricsRegistry()
    const { client, command } = await connected(library)
    const before = Reflect.ownKeys(client)
    instrument(client, { name: 'orders', registry })
    await command('GET', 'a')
    uninstrument(client)
    expect(Reflect.ownKeys(client)).toEqual(before)
    await command('GET', 'a')
    expect(readMeasured(registry, 'orders').get).toEqual({ operations: 1, errors: 0 })
    expect(registry.stores.list()).toEqual([])
  })

  test.each(libraries)('the state and the probe of a client of %s follow the connection', async (library) => {
    const registry = new MetricsRegistry()
    const client = redisClients[library]?.(server.port) as RedisClient
    instrument(client.client, { name: 'orders', registry })
    const [store] = registry.stores.list()
    expect(store?.state()).not.toBe('open')
    await client.connect()
    expect(store?.state()).toBe('open')
    await client.command('SET', 'probe', 'text')
    const before = readMeasured(registry, 'orders')
    expect(await store?.probe()?.read('probe')).toBe('text')
    expect(await store?.probe()?.read('missing')).toBeUndefined()
    expect(store?.probe()?.write).toBeUndefined()
    expect(readMeasured(registry, 'orders')).toEqual(before)
    await client.quit()
    await expect.poll(() => store?.state()).toBe('closed')
  })

  test.each(libraries)('a command of %s that waits for a connection is in flight, and settles as without us', async (library) => {
    const own = await startRedis()
    onTestFinished(() => own.stop())
    const registry = new MetricsRegistry()
    const client = redisClients[library]?.(own.port) as RedisClient
    instrument(client.client, { name: 'orders', registry })
    await client.connect()
    onTestFinished(() => client.quit().catch(() => {}))
    await client.command('SET', 'a', '1')
    await own.stop()
    await expect.poll(() => registry.stores.list()[0]?.state()).not.toBe('open')
    const waiting = client.command('GET', 'a').then(
      () => 'answered',
      () => 'rejected',
    )
    expect(value(registry, 'db_queue_depth')).toBe(1)
    const again = await startRedis(own.port)
    onTestFinished(() => again.stop())
    expect(await waiting).toBe('answered')
    expect(value(registry, 'db_queue_depth')).toBe(0)
    expect(readMeasured(registry, 'orders').get).toEqual({ operations: 1, errors: 0 })
  })

  test('with automatic pipelines, the commands are measured', async () => {
    const registry = new MetricsRegistry()
    const client = await connected('ioredis 5', registry, { enableAutoPipelining: true })
    const redis = client.client as { get(key: string): Promise<unknown>; set(key: string, value: string): Promise<unknown> }
    await Promise.all([redis.set('a', '1'), redis.get('a'), redis.get('b'), client.command('LPUSH', 'a', 'x').catch(() => {})])
    expect(readMeasured(registry, 'orders')).toMatchObject({
      get: { operations: 2, errors: 0 },
      set: { operations: 2, errors: 1 },
      batch: { operations: 0 },
    })
  })

  test('a transaction that a watched key aborts is an abort', async () => {
    const registry = new MetricsRegistry()
    const observer = await connected('ioredis 5')
    const client = await connected('ioredis 5', registry)
    await client.command('WATCH', 'watched')
    await observer.command('SET', 'watched', 'changed')
    expect(await client.transaction([['SET', 'watched', 'mine']])).toBeUndefined()
    expect(value(registry, 'db_transaction_aborts_total')).toBe(1)
    expect(readMeasured(registry, 'orders').batch).toEqual({ operations: 1, errors: 0, entries: 0 })
  })

  test('all operations exist from the start, at 0', async () => {
    const registry = new MetricsRegistry()
    await connected('@redis/client 6', registry)
    const measured = readMeasured(registry, 'orders')
    expect(Object.keys(measured).sort()).toEqual([...operations].sort())
  })

  test.each(['ioredis', '@redis/client'])('a rejection of %s that nobody handles is reported as without us', async (library) => {
    const script = join(import.meta.dirname, 'rejection-process.ts')
    const reported = async (how: string): Promise<unknown> => {
      const args = ['--disable-warning=ExperimentalWarning', script, library, `${server.port}`, how]
      return JSON.parse((await promisify(execFile)(process.execPath, [...nodeFlags, ...args], { timeout: 20_000 })).stdout)
    }
    const bare = await reported('bare')
    expect(bare).toHaveLength(2)
    expect(await reported('measured')).toEqual(bare)
  })

  test('a client that is dropped after it was closed is collected', async () => {
    const script = join(import.meta.dirname, 'dropped-process.ts')
    const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', script, `${server.port}`]
    const { stdout } = await promisify(execFile)(process.execPath, [...nodeFlags, ...args], { timeout: 20_000 })
    expect(JSON.parse(stdout)).toEqual({ ioredis: 'collected', '@redis/client': 'collected', stores: 0 })
  })
})
