import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Episodes } from './episodes.ts'
import { faults, findMissing, type Target } from './faults.ts'
import { Prober } from './prober.ts'
import type { Report, Secrets } from './protocol.ts'
import { Random } from './random-choice.ts'
import { Receiver } from './receivers.ts'
import { SecretGuard } from './secret-guard.ts'
import { ServiceProcess, type StartOptions } from './service-process.ts'

export interface ChaosOptions {
  readonly seconds: number
  /** Everything that is chosen at random depends on it. */
  readonly seed: number
  /** How long each fault lasts. */
  readonly faultMs: number
  /** Only faults whose name contains this. */
  readonly only?: string | undefined
  /** Called with a line for what happens. */
  readonly onLine?: (line: string) => void
  /** Ends the run early. */
  readonly signal?: AbortSignal
}

/** Something that must not happen. */
export interface Violation {
  /** When it was seen first, and how often. */
  readonly atSeconds: number
  times: number
  readonly during: string
  readonly text: string
}

/** What a run has shown. */
export interface ChaosFigures {
  readonly seed: number
  readonly seconds: number
  readonly faults: Readonly<Record<string, number>>
  /** Faults that this machine cannot do, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>
  readonly operations: number
  readonly failedOperations: number
  readonly requests: number
  readonly answersByStatus: Readonly<Record<number, number>>
  readonly longestAnswerMs: number
  readonly episodes: Episodes['figures']
  readonly received: Readonly<Record<string, { readonly accepted: number; readonly refused: number }>>
  /** Sums over all processes. */
  readonly counters: Readonly<Record<string, number>>
  readonly residentMiB: { readonly first: number; readonly last: number; readonly highest: number }
  readonly openFiles: number
  readonly historyMiB: number
  readonly longestBlockMs: number
  readonly secretsLookedForInMiB: number
  readonly violations: readonly Violation[]
}

const mebibyte = 2 ** 20
const reportIntervalMs = 1000
/** The most that the service may take: the heap it is started with, and what is outside of it. */
const maxResidentBytes = 420 * mebibyte
const maxOpenFiles = 900
/** The limit of the history, its journal, and what is deleted with the next samples. */
const maxHistoryBytes = 16 * mebibyte
const maxEndMs = 15_000
const settleMs = 90_000
const ordinaryHeapMiB = 160

/** Puts a real service under load, throws faults at it, and checks what must hold whatever happens. */
export async function runChaos(options: ChaosOptions): Promise<ChaosFigures> {
  const run = await ChaosRun.create(options)
  try {
    return await run.run()
  } finally {
    await run.close()
  }
}

class ChaosRun {
  readonly #options: ChaosOptions
  readonly #folder: string
  readonly #random: Random
  readonly #secrets: Secrets
  readonly #guard: SecretGuard
  readonly #episodes: Episodes
  readonly #prober: Prober
  readonly #webhook: Receiver
  readonly #alertmanager: Receiver
  readonly #collector: Receiver
  readonly #outages = new Set<object>()
  readonly #violations: Violation[] = []
  readonly #injected: Record<string, number> = {}
  readonly #startMs = performance.now()
  #service: ServiceProcess | undefined
  #clockOffsetMs = 0
  #during = 'the start'
  #isHistoryLost = false
  #isRunning = true
  /** The last report of each process. */
  #reports: Report[] = []
  #lastReport: Report | undefined
  #resident: { first: number; last: number; highest: number } = { first: 0, last: 0, highest: 0 }
  #longestBlockMs = 0

  static async create(options: ChaosOptions): Promise<ChaosRun> {
    const folder = await mkdtemp(join(tmpdir(), 'wombat-chaos-'))
    const receivers: { onWebhook: (body: Buffer, isAccepted: boolean) => void; onOther: (body: Buffer) => void } = {
      onWebhook: () => {},
      onOther: () => {},
    }
    const webhook = await Receiver.start('/hook', (body, isAccepted) => receivers.onWebhook(body, isAccepted))
    const alertmanager = await Receiver.start('', (body) => receivers.onOther(body))
    const collector = await Receiver.start('/v1/metrics', (body) => receivers.onOther(body))
    const run = new ChaosRun(options, folder, webhook, alertmanager, collector)
    receivers.onWebhook = (body, isAccepted) => {
      run.#guard.lookOnce(body, 'a notification')
      if (isAccepted) run.#episodes.readNotification(body)
    }
    receivers.onOther = (body) => run.#guard.lookOnce(body, 'an export or a notification')
    return run
  }

  private constructor(options: ChaosOptions, folder: string, webhook: Receiver, alertmanager: Receiver, collector: Receiver) {
    this.#options = options
    this.#folder = folder
    this.#webhook = webhook
    this.#alertmanager = alertmanager
    this.#collector = collector
    this.#random = new Random(options.seed)
    const secret = (name: string): string => `${name}${options.seed}x9Qz7Lw2Rt5`
    this.#secrets = {
      token: secret('token'),
      key: secret('key'),
      value: secret('value'),
      header: secret('header'),
      variable: secret('variable'),
    }
    this.#guard = new SecretGuard(this.#secrets, (text) => this.#violate(text))
    this.#episodes = new Episodes((episode, level) => this.#service?.send({ kind: 'level', episode, level }))
    const isReachable = (): boolean => this.#outages.size === 0
    const addresses = () => this.#service?.addresses ?? {}
    const probed = {
      get addresses() {
        return addresses()
      },
      token: this.#secrets.token,
      isReachable,
    }
    this.#prober = new Prober(probed, this.#random, this.#guard, (text) => this.#violate(text))
  }

  async run(): Promise<ChaosFigures> {
    await this.#start()
    const work = [this.#prober.run(), this.#episodes.run(), this.#watch()]
    const { seconds, faultMs, signal } = this.#options
    const endMs = this.#startMs + seconds * 1000
    const { names, leftOut } = this.#chooseFaults()
    let queue: string[] = []
    while (performance.now() < endMs && signal?.aborted !== true) {
      // Each of them before any comes again.
      if (queue.length === 0) queue = this.#random.shuffle(names)
      const name = queue.pop() ?? ''
      await this.#inject(name, Math.min(faultMs, Math.max(0, endMs - performance.now())))
    }
    this.#during = 'the end'
    this.#episodes.stop()
    await this.#settle()
    this.#isRunning = false
    this.#prober.stop()
    await Promise.all(work)
    await this.#endService()
    this.#lookAtFile()
    return this.#figures(leftOut)
  }

  async close(): Promise<void> {
    await this.#service?.kill()
    for (const receiver of [this.#webhook, this.#alertmanager, this.#collector]) receiver.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #chooseFaults() {
    const { only = '' } = this.#options
    const leftOut: Record<string, string> = {}
    const names = Object.keys(faults).filter((name) => {
      const missing = findMissing(name)
      if (missing !== undefined) leftOut[name] = missing
      return missing === undefined && name.includes(only)
    })
    if (names.length === 0) throw new RangeError(`no fault is named "${only}": there are ${Object.keys(faults).join(', ')}`)
    return { names, leftOut }
  }

  async #inject(name: string, faultMs: number): Promise<void> {
    this.#during = name
    this.#injected[name] = (this.#injected[name] ?? 0) + 1
    this.#options.onLine?.(`${this.#seconds()} s: ${name}`)
    const mend = await faults[name]?.(this.#target())
    await sleep(faultMs, undefined, { ...(this.#options.signal && { signal: this.#options.signal }) }).catch(() => {})
    await mend?.()
  }

  #target(): Target {
    return {
      random: this.#random,
      receivers: [this.#webhook, this.#alertmanager],
      collector: this.#collector,
      prober: this.#prober,
      token: this.#secrets.token,
      historyPath: join(this.#folder, 'history.db'),
      service: () => {
        if (this.#service === undefined) throw new Error('the service does not run')
        return this.#service
      },
      setClock: (offsetMs) => {
        this.#clockOffsetMs = offsetMs
        this.#service?.send({ kind: 'clock', offsetMs })
      },
      restart: (how, startOptions, whileItIsDown) => this.#restart(how, startOptions, whileItIsDown),
      expectOutage: () => this.#expectOutage(),
      expectLostHistory: () => {
        this.#isHistoryLost = true
      },
    }
  }

  #expectOutage(): () => void {
    const outage = {}
    this.#outages.add(outage)
    return () => {
      this.#outages.delete(outage)
    }
  }

  async #start(options: Partial<StartOptions> = {}): Promise<void> {
    const complete: StartOptions = {
      folder: this.#folder,
      webhookUrl: this.#webhook.url,
      alertmanagerUrl: this.#alertmanager.url,
      otlpUrl: this.#collector.url,
      clockOffsetMs: this.#clockOffsetMs,
      usesDefaultPorts: false,
      hasLmdb: true,
      secrets: this.#secrets,
      heapMiB: ordinaryHeapMiB,
      hasFullLog: false,
      ...options,
    }
    this.#service = await ServiceProcess.start(
      complete,
      (text) => this.#violate(text),
      (chunk) => this.#guard.look(chunk, 'the log'),
    )
  }

  async #restart(
    how: 'terminate' | 'kill',
    options?: Partial<StartOptions>,
    whileItIsDown?: () => void | Promise<void>,
  ): Promise<void> {
    const isBack = this.#expectOutage()
    if (how === 'terminate') await this.#endService()
    else {
      this.#episodes.crashed(this.#isHistoryLost)
      this.#keepReport()
      await this.#service?.kill()
    }
    await whileItIsDown?.()
    await this.#start(options)
    this.#isHistoryLost = false
    isBack()
  }

  async #endService(): Promise<void> {
    await this.#readReport()
    this.#keepReport()
    // What was removed while it ran cannot be written by its end.
    if (this.#isHistoryLost) this.#episodes.crashed(true)
    const outage = this.#expectOutage()
    const endedMs = (await this.#service?.terminate()) ?? 0
    if (endedMs > maxEndMs) this.#violate(`the service took ${Math.round(endedMs)} ms to end`)
    outage()
  }

  async #watch(): Promise<void> {
    while (this.#isRunning) {
      await sleep(reportIntervalMs)
      if (this.#outages.size > 0) continue
      if (this.#service?.hasEnded === true) await this.#restart('kill')
      else await this.#readReport()
    }
  }

  async #readReport(): Promise<void> {
    const service = this.#service
    const wasReachable = this.#outages.size === 0
    const report = await service?.report()
    if (report === undefined) {
      if (wasReachable && this.#outages.size === 0 && service === this.#service)
        this.#violate('the service did not answer its parent')
      return
    }
    this.#lastReport = report
    for (const text of report.miscounted) this.#violate(text)
    this.#episodes.sawFiring(report.firing)
    // A stopped process does nothing for that long.
    if (this.#during !== 'a stopped process') this.#longestBlockMs = Math.max(this.#longestBlockMs, report.longestBlockMs)
    const resident = report.residentBytes
    this.#resident = {
      first: this.#resident.first === 0 ? resident : this.#resident.first,
      last: resident,
      highest: Math.max(this.#resident.highest, resident),
    }
    if (resident > maxResidentBytes) this.#violate(`the service takes ${Math.round(resident / mebibyte)} MiB of memory`)
    if (report.openFiles > maxOpenFiles) {
      const clients =
        Object.keys(this.#injected).includes(this.#during) && /connections|requests|readers|framing/.test(this.#during)
      if (!clients) this.#violate(`the service has ${report.openFiles} open files`)
    }
    const bytes = this.#historyBytes()
    if (bytes > maxHistoryBytes) this.#violate(`the history takes ${Math.round(bytes / mebibyte)} MiB of disk`)
  }

  #keepReport(): void {
    if (this.#lastReport !== undefined) this.#reports.push(this.#lastReport)
    this.#lastReport = undefined
  }

  /** Waits until nothing is owed any more. */
  async #settle(): Promise<void> {
    const endMs = performance.now() + settleMs
    do {
      await this.#readReport()
      if (this.#lastReport?.owed === 0 && this.#lastReport.firing.length === 0 && this.#episodes.untold().length === 0) return
      await sleep(500)
    } while (performance.now() < endMs)
    if (this.#lastReport !== undefined && this.#lastReport.owed > 0)
      this.#violate(`${this.#lastReport.owed} notifications are owed`)
    const untold = this.#episodes.untold()
    if (untold.length > 0) this.#violate(`nobody was told of the end of the alerts ${untold.join(', ')}`)
  }

  #historyBytes(): number {
    const path = join(this.#folder, 'history.db')
    return ['', '-wal'].reduce((sum, suffix) => sum + (existsSync(path + suffix) ? statSync(path + suffix).size : 0), 0)
  }

  #lookAtFile(): void {
    const path = join(this.#folder, 'history.db')
    if (!existsSync(path)) {
      this.#violate('there is no history file at the end')
      return
    }
    this.#guard.lookOnce(readFileSync(path), 'the history file')
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) this.#violate('others may read the history file')
  }

  #violate(text: string): void {
    const known = this.#violations.find((one) => one.during === this.#during && one.text === text)
    if (known !== undefined) {
      known.times++
      return
    }
    const violation = { atSeconds: this.#seconds(), times: 1, during: this.#during, text }
    this.#violations.push(violation)
    this.#options.onLine?.(`${violation.atSeconds} s: VIOLATION during "${violation.during}": ${text}`)
  }

  #seconds(): number {
    return Math.round((performance.now() - this.#startMs) / 1000)
  }

  #figures(leftOut: Readonly<Record<string, string>>): ChaosFigures {
    const inMebibytes = (bytes: number): number => Math.round(bytes / mebibyte)
    const sum = (read: (report: Report) => number): number => this.#reports.reduce((total, report) => total + read(report), 0)
    const counters: Record<string, number> = {}
    for (const report of this.#reports) {
      for (const [name, value] of Object.entries(report.counters)) counters[name] = (counters[name] ?? 0) + value
    }
    const { first, last, highest } = this.#resident
    const readReceiver = ({ accepted, refused }: Receiver) => ({ accepted, refused })
    return {
      seed: this.#options.seed,
      seconds: this.#seconds(),
      faults: this.#injected,
      leftOut,
      operations: sum(({ operations }) => operations),
      failedOperations: sum(({ failedOperations }) => failedOperations),
      requests: this.#prober.requests,
      answersByStatus: this.#prober.statuses,
      longestAnswerMs: Math.round(this.#prober.longestMs),
      episodes: this.#episodes.figures,
      received: {
        webhook: readReceiver(this.#webhook),
        alertmanager: readReceiver(this.#alertmanager),
        collector: readReceiver(this.#collector),
      },
      counters,
      residentMiB: { first: inMebibytes(first), last: inMebibytes(last), highest: inMebibytes(highest) },
      openFiles: this.#reports.at(-1)?.openFiles ?? 0,
      historyMiB: Math.round(this.#historyBytes() / mebibyte),
      longestBlockMs: Math.round(this.#longestBlockMs),
      secretsLookedForInMiB: inMebibytes(this.#guard.bytes),
      violations: this.#violations,
    }
  }
}
