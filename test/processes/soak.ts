import { type ChildProcess, fork } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@wombat/test-support/free-port'
import { startPrometheus } from '@wombat/test-support/prometheus'
import { indexSamples } from '@wombat/test-support/sample'
import { scrape } from '@wombat/test-support/scrape'
import { startPm2 } from './pm2.ts'

/** How the processes of the service are started. */
export type Kind = 'cluster' | 'fork' | 'threads' | 'pm2'

/** What a run has shown. */
export interface SoakResult {
  /** Puts that the processes have counted themselves. */
  readonly counted: number
  /** The sum on the page at the end. */
  readonly served: number
  /** How many processes or threads were ended, without and with a chance to send what they recorded last. */
  readonly killed: number
  readonly closed: number
  /** Samples in Prometheus, and how often one was below the one before. */
  readonly samples: number
  readonly decreases: number
}

export interface SoakOptions {
  readonly kind: Kind
  readonly folder: string
  readonly seconds: number
  /** Seconds between two ends of a process or thread. */
  readonly endEverySeconds: number
}

interface WorkerState {
  readonly worker: string
  readonly pid: number
  readonly thread?: number
}

const program = fileURLToPath(new URL('service.mjs', import.meta.url))
const metric = 'db_set_operations_total'
/** How many workers the service has. */
const size = 4

/**
 * Runs a service of four processes under load, ends one after the other, the one that collects among them, and compares what it serves with an
 * independent count and with what a real Prometheus has scraped.
 */
export async function soak({ kind, folder, seconds, endEverySeconds }: SoakOptions): Promise<SoakResult> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service =
    kind === 'pm2' ? await startPm2(program, { SOAK: `pm2 ${folder} ${port}` }, folder) : startService(kind, folder, port)
  try {
    await waitForWorkers(url)
    const prometheus = await startPrometheus(`${url}/metrics`)
    let [killed, closed] = [0, 0]
    const endMs = performance.now() + seconds * 1000
    for (let round = 0; performance.now() < endMs; round++) {
      await sleep(endEverySeconds * 1000)
      // Two rounds of each worker: the process that collects is one of them, whichever that is.
      const isKill = Math.floor(round / size) % 2 === 0
      await endOne(service, kind, url, round % size, isKill)
      if (isKill) killed++
      else closed++
    }
    await waitForWorkers(url)
    writeFileSync(join(folder, 'stop'), '')
    await sleep(3000)
    const served = indexSamples(await scrape(`${url}/metrics`)).get(`${metric} {"store":"orders"}`)
    await sleep(1500)
    const { samples, decreases } = await readSamples(prometheus.url, seconds + 60)
    if (served === undefined) throw new Error(`the page has no ${metric} of the store`)
    return { counted: readCounts(folder), served, killed, closed, samples, decreases }
  } finally {
    await service.stop()
  }
}

interface Service {
  readonly child?: ChildProcess
  stop(): Promise<void>
}

function startService(kind: Kind, folder: string, port: number): Service {
  const child = fork(program, [kind, folder, String(port)], { execArgv: [] })
  return {
    child,
    stop: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      const pids = await listPids(`http://127.0.0.1:${port}`)
      child.kill('SIGKILL')
      // Processes of `fork` outlive their parent.
      for (const pid of pids) if (pid !== child.pid) killSafely(pid, 'SIGKILL')
      await exited
    },
  }
}

async function listWorkers(url: string): Promise<readonly WorkerState[]> {
  try {
    const { workers } = (await (await fetch(`${url}/api/v1/workers`)).json()) as { workers: readonly WorkerState[] }
    return workers
  } catch {
    return []
  }
}

async function listPids(url: string): Promise<readonly number[]> {
  return [...new Set((await listWorkers(url)).map(({ pid }) => pid))]
}

async function waitForWorkers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if ((await listWorkers(url)).length >= size) return
    await sleep(100)
  }
  throw new Error(`the service has not ${size} workers within 30 s`)
}

async function endOne(service: Service, kind: Kind, url: string, index: number, isKill: boolean): Promise<void> {
  if (kind === 'threads') {
    service.child?.send({ index, how: isKill ? 'terminate' : 'close' })
    return
  }
  const workers = await listWorkers(url)
  const { pid } = workers[index % workers.length] ?? {}
  if (pid !== undefined) killSafely(pid, isKill ? 'SIGKILL' : 'SIGTERM')
}

function killSafely(pid: number, signal: 'SIGKILL' | 'SIGTERM'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

function readCounts(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.startsWith('count-'))
    .reduce((sum, name) => sum + Number(readFileSync(join(folder, name), 'utf8')), 0)
}

/** Returns how many samples Prometheus has of the series, and how many are below the one before. */
async function readSamples(prometheusUrl: string, seconds: number): Promise<{ samples: number; decreases: number }> {
  const query = encodeURIComponent(`${metric}{store="orders"}[${seconds}s]`)
  const response = await fetch(`${prometheusUrl}/api/v1/query?query=${query}`)
  const { data } = (await response.json()) as { data: { result: Array<{ values: Array<[number, string]> }> } }
  const values = data.result.flatMap((one) => one.values.map(([, value]) => Number(value)))
  const decreases = values.filter((value, index) => index > 0 && value < (values[index - 1] as number)).length
  return { samples: values.length, decreases }
}
