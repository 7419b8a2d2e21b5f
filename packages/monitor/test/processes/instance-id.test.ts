import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

const env = { ...process.env, OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=pod-1' }
delete (env as Record<string, string | undefined>)['pm_id']
const program = new URL('instance-id-app.mjs', import.meta.url)

/** Returns the instance ids that the processes of the program have. */
async function forkedIds(way: string): Promise<string[]> {
  const parent = fork(program, [way], { env, execArgv: [] })
  const [ids] = (await once(parent, 'message')) as [string[]]
  return ids
}

test.each(['cluster', 'fork'])('processes that inherit service.instance.id by %s have different ones', async (way) => {
  const ids = await forkedIds(way)
  expect(ids).toHaveLength(3)
  expect(new Set(ids).size).toBe(3)
  for (const id of ids) expect(id).toMatch(/^pod-1-\d+$/)
})

test('a process that is alone has the service.instance.id of its environment', () => {
  const { stdout } = spawnSync(process.execPath, [program.pathname, 'alone'], { env, encoding: 'utf8' })
  expect(stdout).toBe('pod-1\n')
})
