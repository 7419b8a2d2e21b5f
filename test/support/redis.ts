import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopProcess } from './backend-process.ts'
import { areInstalled, programPath } from './backend-programs.ts'
import { freePort } from './free-port.ts'

/** Whether `test/backends/install.sh` has installed Redis. */
export const isRedisInstalled = areInstalled('redis-server')

/** Returns the title of tests that need Redis. If they are left out, it contains the reason. */
export function redisTitle(what: string): string {
  return isRedisInstalled
    ? what
    : `${what} (left out: redis-server is not installed; install it with: bash test/backends/install.sh --no-collector)`
}

/** A running Redis with an empty database, on loopback only. */
export interface RedisServer {
  readonly port: number
  stop(): Promise<void>
}

/** Starts a Redis that keeps nothing on disk. The caller stops it. */
export async function startRedis(port?: number): Promise<RedisServer> {
  const ownPort = port ?? (await freePort())
  const dir = await mkdtemp(join(tmpdir(), 'wombat-redis-'))
  const settings = { port: `${ownPort}`, bind: '127.0.0.1', save: '', appendonly: 'no', dir }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(programPath('redis-server'), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const deadlineMs = performance.now() + 15_000
  const stop = async (): Promise<void> => {
    await stopProcess(child)
    await rm(dir, { recursive: true, force: true })
  }
  while (!(await answers(ownPort))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stop()
      throw new Error(`redis-server did not start:\n${output}`)
    }
    await sleep(20)
  }
  return { port: ownPort, stop }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const end = (isReady: boolean): void => {
      socket.destroy()
      resolve(isReady)
    }
    socket.on('data', (data: Buffer) => end(data.toString().startsWith('+PONG')))
    socket.on('error', () => end(false))
    socket.setTimeout(1000, () => end(false))
  })
}
