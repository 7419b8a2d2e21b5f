import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, onTestFinished, test } from 'vitest'
import { readControlGroupMemory } from './control-group.ts'

/** Creates a file system root with these files, as Linux shows them. */
function system(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'control-group-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const mounted2 = '31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate\n'

test('version 2: the working set is the memory in use without inactive files', () => {
  const root = system({
    'proc/self/cgroup': '0::/app.slice/orders.service\n',
    'proc/self/mountinfo': `22 27 0:21 / /proc rw - proc proc rw\n${mounted2}`,
    'sys/fs/cgroup/app.slice/orders.service/memory.current': '1000\n',
    'sys/fs/cgroup/app.slice/orders.service/memory.max': '4000\n',
    'sys/fs/cgroup/app.slice/orders.service/memory.stat': 'anon 600\nfile 400\ninactive_file 300\nactive_file 100\n',
  })
  expect(readControlGroupMemory(root)).toEqual({ usedBytes: 700, limitBytes: 4000 })
})

test('of a group and its parents, the one closest to its limit is returned', () => {
  const root = system({
    'proc/self/cgroup': '0::/pod/container\n',
    'proc/self/mountinfo': mounted2,
    'sys/fs/cgroup/pod/container/memory.current': '1000\n',
    'sys/fs/cgroup/pod/container/memory.max': 'max\n',
    'sys/fs/cgroup/pod/memory.current': '1800\n',
    'sys/fs/cgroup/pod/memory.max': '2000\n',
  })
  expect(readControlGroupMemory(root)).toEqual({ usedBytes: 1800, limitBytes: 2000 })
})

test('a container that sees its own group as the top is read there, independent of the path outside', () => {
  const files = { 'sys/fs/cgroup/memory.current': '500\n', 'sys/fs/cgroup/memory.max': '800\n' }
  const outside = system({ ...files, 'proc/self/cgroup': '0::/../docker/abc\n', 'proc/self/mountinfo': mounted2 })
  expect(readControlGroupMemory(outside)).toEqual({ usedBytes: 500, limitBytes: 800 })
  const part = mounted2.replace(' / /sys', ' /docker/abc /sys')
  const bound = system({ ...files, 'proc/self/cgroup': '0::/docker/abc\n', 'proc/self/mountinfo': part })
  expect(readControlGroupMemory(bound)).toEqual({ usedBytes: 500, limitBytes: 800 })
})

test('version 1: an unset limit is undefined, also beside a version 2 that does not count memory', () => {
  const root = system({
    'proc/self/cgroup': '4:memory:/a\n1:cpu,cpuacct:/\n0::/\n',
    'proc/self/mountinfo': `${mounted2.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified')}35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n`,
    'sys/fs/cgroup/memory/a/memory.usage_in_bytes': '900\n',
    'sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n',
    'sys/fs/cgroup/memory/a/memory.stat': 'inactive_file 1\ntotal_inactive_file 200\n',
  })
  expect(readControlGroupMemory(root)).toEqual({ usedBytes: 700, limitBytes: undefined })
})

test('without control groups the result is undefined', () => {
  expect(readControlGroupMemory(system({}))).toBeUndefined()
})

const hierarchy = '/sys/fs/cgroup/memory'
const group = join(hierarchy, `wombat-test-${process.pid}`)

/** Creates a group with this limit. Returns false if that is impossible: it needs root, and version 1. */
function createGroup(limitBytes: number): boolean {
  try {
    mkdirSync(group)
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(limitBytes))
    return true
  } catch {
    return false
  }
}

test('a process in a real group reads the limit of the group, and its own memory in it', async (context) => {
  const limitBytes = 256 * 2 ** 20
  if (!createGroup(limitBytes)) return context.skip('cannot create a memory control group of version 1')
  onTestFinished(() => rmdirSync(group))
  const source = join(import.meta.dirname, 'control-group.ts')
  const script = `
    require('node:fs').writeFileSync('${group}/cgroup.procs', String(process.pid))
    const held = Buffer.alloc(64 * 2 ** 20, 1)
    import('${source}').then(({ readControlGroupMemory }) => console.log(JSON.stringify([readControlGroupMemory(), held.length])))`
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeFlags, '-e', script])
  const [memory] = JSON.parse(stdout)
  expect(memory.limitBytes).toBe(limitBytes)
  expect(memory.usedBytes).toBeGreaterThan(64 * 2 ** 20)
  expect(memory.usedBytes).toBeLessThan(limitBytes)
})
