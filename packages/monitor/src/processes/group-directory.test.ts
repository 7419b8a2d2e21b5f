import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { GroupDirectory, type Seat } from './group-directory.ts'

let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
  vi.stubEnv('TMPDIR', folder)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

async function takeSeat(directory: GroupDirectory, known = 0): Promise<Seat> {
  const seat = await directory.join(known)
  onTestFinished(() => {
    if (seat.role === 'collector') seat.server.close()
    else seat.socket.destroy()
  })
  return seat
}

const roles = (seats: readonly Seat[]): string[] => seats.map(({ role }) => role).sort()

function close(seat: Seat): Promise<void> {
  return new Promise((resolve) => {
    if (seat.role === 'collector') seat.server.close(() => resolve())
    else resolve()
  })
}

test('of processes that start at once, one collects', async () => {
  const seats = await Promise.all(Array.from({ length: 8 }, () => takeSeat(new GroupDirectory('shop'))))
  expect(roles(seats)).toEqual(['collector', ...new Array(7).fill('member')])
})

test('groups with other names do not meet', async () => {
  const seats = [await takeSeat(new GroupDirectory('shop')), await takeSeat(new GroupDirectory('billing'))]
  expect(roles(seats)).toEqual(['collector', 'collector'])
})

test('the socket of a process that was killed is in the way of none', async () => {
  const directory = new GroupDirectory('shop')
  const first = await takeSeat(directory)
  // A process that is killed leaves its socket behind, on which none listens.
  const [group = ''] = readdirSync(join(folder, `wombat-${process.getuid?.()}`))
  const path = join(folder, `wombat-${process.getuid?.()}`, group)
  await close(first)
  const script = `require('net').createServer().listen('${join(path, '5.sock')}', () => process.kill(process.pid, 'SIGKILL'))`
  expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow()
  const second = await takeSeat(directory)
  expect(second).toMatchObject({ role: 'collector', generation: 6 })
  expect(readdirSync(path)).toEqual(['6.sock'])
})

test('after a clean end the number stays taken', async () => {
  const directory = new GroupDirectory('shop')
  const first = await takeSeat(directory)
  directory.keepNumber(1)
  await close(first)
  expect(await takeSeat(directory)).toMatchObject({ role: 'collector', generation: 2 })
})

test('a process takes a higher number than the last one that it knows, also in an empty folder', async () => {
  expect(await takeSeat(new GroupDirectory('shop'), 7)).toMatchObject({ role: 'collector', generation: 8 })
})

test('a folder that others can use is refused', () => {
  const root = join(folder, `wombat-${process.getuid?.()}`)
  mkdirSync(root)
  chmodSync(root, 0o777)
  expect(() => new GroupDirectory('shop')).toThrow(/must be a folder that only this user can use: remove it, or set TMPDIR/)
})

test('a path that is too long for a socket is an error that names it', () => {
  vi.stubEnv('TMPDIR', join(folder, 'x'.repeat(100)))
  expect(() => new GroupDirectory('shop')).toThrow(/is too long for a socket: set TMPDIR to a shorter one/)
})

test('what a process has left is taken once', () => {
  const directory = new GroupDirectory('shop')
  directory.leave('worker', Buffer.from('last words'))
  expect(directory.takeLeft('worker')?.toString()).toBe('last words')
  expect(directory.takeLeft('worker')).toBeUndefined()
})

test('if the folder is removed, the process that collects listens again under its number', async () => {
  const directory = new GroupDirectory('shop')
  await takeSeat(directory)
  rmSync(join(folder, `wombat-${process.getuid?.()}`), { recursive: true })
  expect(() => directory.newestGeneration()).toThrow('ENOENT')
  const server = await directory.listenAgain(1)
  onTestFinished(() => void server?.close())
  expect(await takeSeat(new GroupDirectory('shop'))).toMatchObject({ role: 'member' })
})
