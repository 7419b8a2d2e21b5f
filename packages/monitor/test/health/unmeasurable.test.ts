import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { HealthCheckResult } from '@wombat/monitor'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, onTestFinished, test } from 'vitest'

const root = join(import.meta.dirname, '../../../..')
const program = join(import.meta.dirname, 'restricted-process.ts')
const flags = [...nodeFlags, '--no-warnings', '--conditions=source']
const run = promisify(execFile)

interface Report {
  readonly status: string
  readonly checks: readonly HealthCheckResult[]
  readonly readiness: number
  readonly lines: readonly string[]
  /** The metrics of the memory of the process. */
  readonly memory: readonly string[]
  readonly addresses: Readonly<Record<string, string>>
}

/** Runs the program, and returns its report. */
async function report(command: string, args: readonly string[]): Promise<Report> {
  const { stdout } = await run(command, args, { timeout: 30_000, cwd: root })
  return JSON.parse(stdout.split('\n').at(-2) ?? '') as Report
}

function find({ checks }: Report, name: string): HealthCheckResult | undefined {
  return checks.find((check) => check.name === name)
}

const canListen = { jsonApiPort: 0 }
/** Node 25 and later refuse the network, too. */
const networkFlags = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []

/** Runs the program under Node's permission model, which lets it read its own files only, and what `allowed` adds. */
async function runRestricted(folder: string, allowed: readonly string[], options: object = {}): Promise<Report> {
  const own = ['--permission', '--allow-addons', `--allow-fs-read=${root}`, '--allow-fs-read=/etc/alpine-release']
  return report(process.execPath, [...flags, ...own, ...allowed, program, folder, JSON.stringify(options)])
}

test('without permission to read the folder of a store, its disk space is unknown with the flag, and the process is ready', async () => {
  const folder = join(await temporaryFolder(), 'orders')
  const result = await runRestricted(folder, [...networkFlags, `--allow-fs-write=${folder}`], canListen)
  expect(find(result, 'disk_space')).toMatchObject({
    status: 'unknown',
    reason: 'undetermined',
    message: "Cannot determine disk space: Node's permission model refuses it: start Node with --allow-fs-read",
  })
  expect([result.status, result.readiness]).toEqual(['healthy', 200])
  const said = result.lines.filter((line) => line.startsWith('a health check cannot measure'))
  expect(said).toHaveLength(1)
  const others = result.lines.filter((line) => line.includes('"orders" cannot be read and is absent'))
  expect(others.length).toBeGreaterThan(0)
  for (const line of others) expect(line).toContain('start Node with --allow-fs-read')
  expect(result.lines.join()).not.toContain(folder)
})

test('with the permission, the disk space is measured', async () => {
  const folder = join(await temporaryFolder(), 'orders')
  await mkdir(folder)
  onTestFinished(() => rm(folder, { recursive: true }))
  const allowed = [`--allow-fs-write=${folder}`, `--allow-fs-read=${folder}`]
  const result = await runRestricted(folder, [...networkFlags, ...allowed], canListen)
  expect(find(result, 'disk_space')?.status).not.toBe('unknown')
  expect(result.lines).toEqual([])
})

test.runIf(networkFlags.length > 0)('without permission to listen, one line has the flag, and the application runs', async () => {
  const result = await runRestricted('', [])
  expect(result.addresses).toEqual({})
  expect([result.status, result.readiness]).toEqual(['healthy', 200])
  expect(result.lines).toEqual([
    "the HTTP endpoints are not served. Node's permission model refuses it: start Node with --allow-net, or set jsonApiEnabled: false {}",
  ])
  await expect(runRestricted('', [], { jsonApiPort: 0 })).rejects.toThrow(
    /jsonApiPort: cannot listen on a port: Node's permission model refuses it: start Node with --allow-net/,
  )
})

test('without permission to start a thread, a long rule file is read all the same, and one line has the flag', async () => {
  const file = join(await temporaryFolder(), 'rules.yaml')
  const rule = '  - { name: Deep, condition: metric_above, metric: db_queue_depth, threshold: 1e9, severity: info }'
  await writeFile(file, `rules:\n${rule}\n${'# a comment\n'.repeat(1000)}`)
  const result = await runRestricted('', [...networkFlags, `--allow-fs-read=${file}`], { ...canListen, alertRulesFile: file })
  expect(result.status).toBe('healthy')
  expect(result.lines).toEqual([
    "a long rule file holds the event loop while it is read, because a thread would need a permission. Node's permission model refuses it: start Node with --allow-worker {}",
  ])
})

test('without /proc, the memory of the process is unknown with the reason, and the process is ready', async (context) => {
  const isLinux = process.platform === 'linux'
  const script = 'mount -t tmpfs tmpfs /proc && exec "$0" "$@"'
  const canHide = isLinux && (await run('unshare', ['-m', 'sh', '-c', script, 'true']).catch(() => undefined)) !== undefined
  if (!canHide) return context.skip('no file system can be mounted here: that takes root')
  const args = ['-m', 'sh', '-c', script, process.execPath, ...flags, program, '', JSON.stringify(canListen)]
  const result = await report('unshare', args)
  expect(find(result, 'memory_usage')).toMatchObject({
    status: 'unknown',
    reason: 'unmeasurable',
    message: 'Cannot measure memory: the system does not report it (is /proc mounted?)',
    nextSteps: expect.arrayContaining([expect.any(String)]),
  })
  expect([result.status, result.readiness]).toEqual(['healthy', 200])
  expect(result.lines.filter((line) => line.startsWith('a health check cannot measure'))).toHaveLength(1)
  expect(result.memory).toContain('wombat_process_heap_used_bytes')
  expect(result.memory).not.toContain('wombat_process_resident_memory_bytes')
})
