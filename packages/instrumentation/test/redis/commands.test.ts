import { isRedisInstalled, redisTitle, startRedis } from '@wombat/test-support/redis'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { operationByCommand, otherCommands } from '../../src/adapters/redis/commands.ts'

test('a command is mapped once', () => {
  expect([...otherCommands].filter((name) => operationByCommand.has(name))).toEqual([])
})

test.skipIf(!isRedisInstalled)(
  redisTitle('every command of a Redis server is mapped on an operation, or deliberately on none'),
  async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const client = new Redis(server.port)
    onTestFinished(() => client.disconnect())
    const listed = (await client.call('COMMAND', 'LIST')) as string[]
    // Subcommands are listed as `acl|cat`.
    const names = listed.map((name) => name.toLowerCase()).filter((name) => !name.includes('|'))
    expect(names.length).toBeGreaterThan(200)
    expect(names.filter((name) => !operationByCommand.has(name) && !otherCommands.has(name))).toEqual([])
  },
)
