import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Addresses } from '@wombat/monitor'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import type { Command, Message, Report, ServiceOptions } from './protocol.ts'

/** How the service is started. */
export interface StartOptions extends ServiceOptions {
  /** The size to which V8 may grow its heap, in MiB. */
  readonly heapMiB: number
  /** Writes its log to a device that is full. */
  readonly hasFullLog: boolean
}

const startTimeoutMs = 30_000
const reportTimeoutMs = 20_000
const program = fileURLToPath(new URL('service.ts', import.meta.url))

/** A running service. */
export class ServiceProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (report: Report) => void>()
  readonly #ended: Promise<unknown>
  #addresses: Addresses | undefined
  #nextId = 0
  #isExpectedToEnd = false

  private constructor(child: ChildProcess, onFault: (text: string) => void, onOutput: (chunk: Buffer) => void) {
    this.#child = child
    child.stdout?.on('data', onOutput)
    child.stderr?.on('data', onOutput)
    child.on('message', (message: Message) => {
      if (message.kind === 'ready') this.#addresses = message.addresses
      if (message.kind === 'fault') onFault(message.text)
      if (message.kind === 'report') this.#waiting.get(message.id)?.(message.report)
    })
    child.on('error', () => {})
    this.#ended = once(child, 'exit').then(([code, signal]) => {
      if (!this.#isExpectedToEnd) onFault(`the service ended by itself with ${code ?? signal}`)
    })
  }

  /** Starts the service and waits until its stores are open and its endpoints listen. */
  static async start(
    { heapMiB, hasFullLog, ...options }: StartOptions,
    onFault: (text: string) => void,
    onOutput: (chunk: Buffer) => void,
  ): Promise<ServiceProcess> {
    const full = hasFullLog ? openSync('/dev/full', 'w') : undefined
    const child = fork(program, [JSON.stringify(options)], {
      execArgv: [...nodeFlags, '--disable-warning=ExperimentalWarning', `--max-old-space-size=${heapMiB}`],
      env: { ...cleanEnvironment(), APPLICATION_SECRET: options.secrets.variable },
      stdio: ['ignore', full ?? 'pipe', 'pipe', 'ipc'],
    })
    if (full !== undefined) closeSync(full)
    const service = new ServiceProcess(child, onFault, onOutput)
    const deadlineMs = performance.now() + startTimeoutMs
    while (service.#addresses === undefined && performance.now() < deadlineMs && child.exitCode === null) await sleep(20)
    if (service.#addresses === undefined) onFault(`the service did not start within ${startTimeoutMs} ms`)
    return service
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get addresses(): Addresses {
    return this.#addresses ?? {}
  }

  send(command: Command): void {
    if (this.#child.connected) this.#child.send(command, () => {})
  }

  /** Returns its state, or undefined if it does not answer within 20 s. */
  async report(): Promise<Report | undefined> {
    const id = this.#nextId++
    const answer = new Promise<Report>((resolve) => this.#waiting.set(id, resolve))
    this.send({ kind: 'report', id })
    const report = await Promise.race([
      answer,
      this.#ended.then(() => undefined),
      sleep(reportTimeoutMs, undefined, { ref: false }),
    ])
    this.#waiting.delete(id)
    return report
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Stops or goes on reading what it logs: a pipe that nobody reads becomes full. */
  readLog(isRead: boolean): void {
    if (isRead) this.#child.stdout?.resume()
    else this.#child.stdout?.pause()
  }

  async kill(): Promise<void> {
    this.#isExpectedToEnd = true
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Asks it to end. Returns after how many milliseconds it has. If it has not after a minute, it is killed. */
  async terminate(): Promise<number> {
    this.#isExpectedToEnd = true
    const startMs = performance.now()
    this.#child.kill('SIGTERM')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 60_000)
    await this.#ended
    clearTimeout(late)
    return performance.now() - startMs
  }
}
