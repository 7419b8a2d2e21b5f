import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import ioredis4 from 'ioredis4'
import { Redis as Redis6 } from 'ioredis6'
import Valkey from 'iovalkey'
import { createClient as createClient5 } from 'redis-client5'

/** What the tests do with a client, whatever its library. */
export interface RedisClient {
  /** The client itself, which is instrumented. */
  readonly client: object
  connect(): Promise<void>
  /** Runs one command, by its name and arguments. */
  command(...args: readonly string[]): Promise<unknown>
  /** Runs commands in one pipeline; each result is a reply or the message of an error. */
  pipeline(commands: ReadonlyArray<readonly string[]>): Promise<unknown>
  /** Runs commands in one transaction. */
  transaction(commands: ReadonlyArray<readonly string[]>): Promise<unknown>
  quit(): Promise<void>
}

type Result = [error: Error | null, reply: unknown]

interface IORedisClient {
  connect(): Promise<void>
  call(name: string, ...args: readonly string[]): Promise<unknown>
  pipeline(): IORedisPipeline
  multi(): IORedisPipeline
  quit(): Promise<unknown>
  on(event: 'error', listener: () => void): void
}

interface IORedisPipeline {
  call(name: string, ...args: readonly string[]): unknown
  exec(): Promise<Result[] | null>
}

type IORedisClass = new (options: object) => unknown

function ioredisClient(Client: IORedisClass) {
  return (port: number, options: object = {}): RedisClient => {
    const client = new Client({ port, host: '127.0.0.1', lazyConnect: true, ...options }) as IORedisClient
    client.on('error', () => {})
    const run = async (pipeline: IORedisPipeline, commands: ReadonlyArray<readonly string[]>): Promise<unknown> => {
      for (const [name = '', ...args] of commands) pipeline.call(name, ...args)
      return (await pipeline.exec())?.map(([error, reply]) => error?.message ?? reply)
    }
    return {
      client,
      connect: () => client.connect(),
      command: (name = '', ...args) => client.call(name, ...args),
      pipeline: (commands) => run(client.pipeline(), commands),
      transaction: (commands) => run(client.multi(), commands),
      quit: async () => void (await client.quit()),
    }
  }
}

interface NodeRedisClient {
  connect(): Promise<unknown>
  sendCommand(args: readonly string[]): Promise<unknown>
  multi(): NodeRedisMulti
  close(): Promise<unknown>
  on(event: 'error', listener: () => void): void
}

interface NodeRedisMulti {
  addCommand(args: readonly string[]): unknown
  exec(): Promise<unknown>
  execAsPipeline(): Promise<unknown>
}

function nodeRedisClient(create: (options: object) => unknown) {
  return (port: number): RedisClient => {
    const client = create({ socket: { port, host: '127.0.0.1' } }) as NodeRedisClient
    client.on('error', () => {})
    const fill = (commands: ReadonlyArray<readonly string[]>): NodeRedisMulti => {
      const multi = client.multi()
      for (const command of commands) multi.addCommand(command)
      return multi
    }
    return {
      client,
      connect: async () => void (await client.connect()),
      command: (...args) => client.sendCommand(args),
      pipeline: (commands) => fill(commands).execAsPipeline(),
      transaction: (commands) => fill(commands).exec(),
      quit: async () => void (await client.close()),
    }
  }
}

/** Creates a client that is not connected yet, by the name of its library and its major version. */
export const redisClients: Readonly<Record<string, (port: number, options?: object) => RedisClient>> = {
  'ioredis 4': ioredisClient(ioredis4 as unknown as IORedisClass),
  'ioredis 5': ioredisClient(Redis as unknown as IORedisClass),
  'ioredis 6': ioredisClient(Redis6 as unknown as IORedisClass),
  iovalkey: ioredisClient(Valkey as unknown as IORedisClass),
  '@redis/client 5': nodeRedisClient(createClient5 as (options: object) => unknown),
  '@redis/client 6': nodeRedisClient(createClient as (options: object) => unknown),
}
