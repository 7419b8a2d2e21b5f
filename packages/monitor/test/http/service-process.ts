import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Addresses, MonitoringConfig } from '@wombat/monitor'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { onTestFinished } from 'vitest'

export interface ServiceOptions {
  readonly stores?: number
  readonly config?: MonitoringConfig
  readonly flags?: readonly string[]
  /** Files that the process may open (default: those of this process). */
  readonly openFiles?: number
}

/** A service in a process of its own, which ends with the test. */
export class ServiceProcess {
  readonly #child: ChildProcess
  readonly addresses: Addresses

  private constructor(child: ChildProcess, addresses: Addresses) {
    this.#child = child
    this.addresses = addresses
  }

  static async start({ stores = 2, config = {}, flags = [], openFiles }: ServiceOptions = {}): Promise<ServiceProcess> {
    const program = join(import.meta.dirname, 'measured-service.ts')
    const execArgv = [...nodeFlags, '--conditions=source', '--disable-warning=ExperimentalWarning', ...flags]
    const argument = JSON.stringify({ stores, config })
    const child =
      openFiles === undefined
        ? fork(program, [argument], { execArgv })
        : spawn('sh', ['-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', process.execPath, ...execArgv, program, argument], {
            stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
          })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the service ended with ${code} at its start`)))
    const [addresses] = await Promise.race([once(child, 'message'), ended])
    ended.catch(() => {})
    return new ServiceProcess(child, addresses)
  }

  /** Whether the process has not ended. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async memoryBytes(): Promise<number> {
    this.#child.send('memory')
    const [{ memoryBytes }] = await once(this.#child, 'message')
    return memoryBytes
  }

  /** Opens a connection to a server; errors of it are expected. */
  connect(server: keyof Addresses): Socket {
    const socket = connect(Number(new URL(this.addresses[server] ?? '').port), '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => {
      socket.destroy()
    })
    return socket
  }
}
