import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { hostileClients } from './clients.ts'
import type { Prober } from './prober.ts'
import type { Random } from './random-choice.ts'
import { badBehaviors, passingFailures, type Receiver } from './receivers.ts'
import type { ServiceProcess, StartOptions } from './service-process.ts'

/** What faults are done to. */
export interface Target {
  readonly random: Random
  readonly receivers: readonly Receiver[]
  readonly collector: Receiver
  readonly prober: Prober
  readonly token: string
  readonly historyPath: string
  service(): ServiceProcess
  /** Sets the clock of the service wrong by so much. */
  setClock(offsetMs: number): void
  /** Starts the service again: after it was asked to end, or after it was killed. */
  restart(how: 'terminate' | 'kill', options?: Partial<StartOptions>, whileItIsDown?: () => void | Promise<void>): Promise<void>
  /** Reports that the endpoints cannot be reached, until the returned function is called. */
  expectOutage(): () => void
  /** Reports that the history and the alerts in it are lost. */
  expectLostHistory(): void
}

/** A fault. Returns what ends it. */
export type Fault = (target: Target) => Promise<() => void | Promise<void>>

const nothing = (): void => {}

/** Every fault by its name. */
export const faults: Readonly<Record<string, Fault>> = {
  'a clock that is set': async ({ random, setClock }) => {
    setClock(random.pick([-3_600_000, 3_600_000, 90_000, -90_000, 400 * 86_400_000, -20_000, 0]))
    return nothing
  },
  'receivers of alerts that fail': async ({ random, receivers }) => {
    for (const receiver of receivers) receiver.behavior = random.pick(passingFailures)
    return () => {
      for (const receiver of receivers) receiver.behavior = 'ok'
    }
  },
  'a Collector that fails': async ({ random, collector }) => {
    collector.behavior = random.pick(badBehaviors)
    return () => {
      collector.behavior = 'ok'
    }
  },
  'a stopped process': async ({ service, expectOutage }) => {
    const isBack = expectOutage()
    service().signal('SIGSTOP')
    await sleep(2500)
    service().signal('SIGCONT')
    return isBack
  },
  'kill -9': async ({ restart }) => {
    await restart('kill')
    return nothing
  },
  'an ordinary end': async ({ restart }) => {
    await restart('terminate')
    return nothing
  },
  'taken ports': async ({ restart }) => {
    const neighbors: Server[] = []
    await restart('terminate', { usesDefaultPorts: true }, async () => {
      for (const port of [8080, 9090]) neighbors.push(await occupy(port))
    })
    return async () => {
      await Promise.all(neighbors.map((neighbor) => new Promise((resolve) => neighbor.close(resolve))))
      await restart('terminate')
    }
  },
  'little memory': async ({ restart }) => {
    await restart('terminate', { heapMiB: 48 })
    return () => restart('terminate')
  },
  'a full log': async ({ restart }) => {
    await restart('terminate', { hasFullLog: true })
    return () => restart('terminate')
  },
  'a log that nobody reads': async ({ service }) => {
    const process = service()
    process.readLog(false)
    return () => process.readLog(true)
  },
  'a damaged history': async ({ random, restart, historyPath, expectLostHistory }) => {
    expectLostHistory()
    await restart('kill', {}, () => damage(historyPath, random))
    return nothing
  },
  'a removed history': async ({ historyPath, expectLostHistory }) => {
    expectLostHistory()
    for (const suffix of ['', '-wal', '-shm']) rmSync(historyPath + suffix, { force: true })
    return nothing
  },
  'a full disk': async ({ service, random, restart }) => {
    await restart('terminate', { hasLmdb: false })
    // A limit for the size of each file: the stores cannot write, either.
    const { pid } = service()
    limit(pid, 'fsize', random.pick([0, 65_536, 2 ** 20]))
    return async () => {
      limit(pid, 'fsize', undefined)
      await sleep(500)
      await restart('terminate')
    }
  },
  'no free file descriptors': async ({ service, expectOutage }) => {
    const { pid } = service()
    const isBack = expectOutage()
    limit(pid, 'nofile', countDescriptors(pid))
    return async () => {
      limit(pid, 'nofile', undefined)
      await sleep(1000)
      isBack()
    }
  },
  'many requests at once': async ({ prober }) => {
    await prober.storm(200)
    return nothing
  },
  ...Object.fromEntries(
    Object.entries(hostileClients).map(([name, start]): [string, Fault] => [
      name,
      async ({ service, token, random }) => {
        const { json = '', prometheus = '' } = service().addresses
        const ends = await Promise.all([json, prometheus].map((url) => start(url, token, random)))
        return () => {
          for (const end of ends) end()
        }
      },
    ]),
  ),
}

/** Returns why a fault cannot be done on this machine, or undefined. */
export function findMissing(name: string): string | undefined {
  const needsLimits = name === 'a full disk' || name === 'no free file descriptors'
  if (needsLimits && spawnSync('prlimit', ['--version']).status !== 0) return 'there is no prlimit (util-linux)'
  if (name === 'a full log' && !existsSync('/dev/full')) return 'there is no /dev/full'
  return undefined
}

function limit(pid: number, resource: string, soft: number | undefined): void {
  // Only the soft limit: the hard one could not be raised again.
  const hard = resource === 'fsize' ? 'unlimited' : readHardLimit(pid)
  spawnSync('prlimit', ['--pid', `${pid}`, `--${resource}=${soft ?? hard}:${hard}`])
}

function readHardLimit(pid: number): string {
  const [, hard = '4096'] = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? []
  return hard
}

function countDescriptors(pid: number): number {
  const { stdout } = spawnSync('ls', [`/proc/${pid}/fd`], { encoding: 'utf8' })
  return Math.max(16, stdout.split('\n').length - 1)
}

async function occupy(port: number): Promise<Server> {
  const server = createServer((_, response) => response.end('not yours'))
  await new Promise<void>((resolve) => {
    // If it is taken already, that is a conflict, too.
    server.once('error', () => resolve())
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

/** Changes bits, cuts the file or moves a part of it. */
function damage(path: string, random: Random): void {
  for (const file of [path, `${path}-wal`]) {
    if (!existsSync(file) || statSync(file).size < 4096) continue
    const bytes = readFileSync(file)
    const how = random.pick(['bits', 'cut', 'swap'] as const)
    if (how === 'bits') {
      for (let flip = 0; flip < 50; flip++) {
        const at = random.integer(0, bytes.length - 1)
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.integer(0, 7)), at)
      }
    }
    if (how === 'swap') {
      const [one, other] = [random.integer(0, bytes.length - 4096), random.integer(0, bytes.length - 4096)]
      const kept = Buffer.from(bytes.subarray(one, one + 2048))
      bytes.copyWithin(one, other, other + 2048)
      kept.copy(bytes, other)
    }
    writeFileSync(file, how === 'cut' ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes)
  }
}
