import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Monitoring, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, vi } from 'vitest'

/** The program as it is published. */
export const program = join(import.meta.dirname, '../dist/bundle/cli.js')

/** A process with two stores that are used, the second one with errors. */
export interface StoresInUse {
  readonly monitoring: Monitoring
  /** The address of its JSON API. */
  readonly url: string
  close(): Promise<void>
}

/** Starts the stores, and waits until their rates are known and an alert of each of them fires. */
export async function openStores(config: MonitoringConfig = {}): Promise<StoresInUse> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-test-'))
  const monitoring = await startMonitoring({
    jsonApiPort: 0,
    logger: collectingLogger(),
    historyIntervalMs: 100,
    alertEvaluationIntervalMs: 1000,
    alertRules: [
      {
        name: 'AnyGets',
        condition: 'metric_above',
        metric: 'db_get_operations_total',
        threshold: 0,
        severity: 'warning',
        annotations: { summary: '{{ labels.store }} is read.' },
      },
    ],
    resource: { 'service.name': 'shop', 'service.version': '1.2.3' },
    ...config,
  })
  const orders = monitoring.instrument(new ClassicLevel(folder), { name: 'orders' })
  const failing = { _getMany: () => Promise.reject(Object.assign(new Error('broken'), { code: 'LEVEL_IO_ERROR' })) }
  const sessions = monitoring.instrument(Object.assign(new MemoryLevel(), failing), { name: 'sessions' })
  await orders.open()
  const stop = new AbortController()
  const load = (async () => {
    for (let round = 0; !stop.signal.aborted; round++) {
      await orders.put(`key-${round}`, 'value')
      await orders.get(`key-${round}`)
      await sessions.put(`key-${round}`, 'value')
      await sessions.get(`key-${round}`)
      await sessions.getMany(['a']).catch(() => undefined)
      await sleep(20)
    }
  })()
  await sleep(500)
  await monitoring.healthMonitor.runHealthChecks()
  await waitFor(() => expect(monitoring.alerts().length).toBe(2))
  return {
    monitoring,
    url: monitoring.addresses.json ?? '',
    async close() {
      stop.abort()
      await load
      await orders.close()
      await monitoring.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** As `openStores`, for one test. */
export async function startStores(config: MonitoringConfig = {}): Promise<StoresInUse> {
  const stores = await openStores(config)
  onTestFinished(() => stores.close())
  return stores
}

/** Waits until the assertion holds. A busy machine takes its time. */
export function waitFor(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 15_000, interval: 100 })
}

/** A run of the program. It is stopped when the test ends. */
export class Program {
  readonly child: ChildProcess
  #out = ''
  #error = ''

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [program, ...args], {
      env: { ...cleanEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#error += text
    })
    onTestFinished(() => {
      this.child.kill('SIGKILL')
    })
  }

  /** What it has printed so far. */
  get out(): string {
    return this.#out
  }

  get error(): string {
    return this.#error
  }

  /** Waits until it has ended. */
  async exit(): Promise<{ code: number | null; out: string; error: string }> {
    const [code] = this.child.exitCode === null ? ((await once(this.child, 'close')) as [number | null]) : [this.child.exitCode]
    return { code, out: this.#out, error: this.#error }
  }
}

function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'])
    return true
  } catch {
    return false
  }
}

export const isTmuxInstalled = hasTmux()

/** Returns the title of tests in a real terminal, with the remedy if there is none. */
export function inTerminal(what: string): string {
  return isTmuxInstalled ? what : `${what} (left out: tmux is not installed; install it with: apt-get install tmux)`
}

let terminalCount = 0

/** The program in a real terminal. It ends when the test ends. */
export class Terminal {
  readonly #socket = `wombat-test-${process.pid}-${++terminalCount}`
  readonly #rawFile: string

  private constructor(rawFile: string) {
    this.#rawFile = rawFile
  }

  /** Starts the program in a terminal of this size. */
  static async start(
    size: readonly [columns: number, rows: number],
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(join(await temporaryFolder(), 'raw'))
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const words = ['env', ...variables, process.execPath, program, ...args].map((word) => `'${word}'`).join(' ')
    const shell = `echo before; sleep 0.3; ${words}; echo "exit code $?"; sleep 100`
    terminal.#tmux('new-session', '-d', '-x', String(size[0]), '-y', String(size[1]), shell)
    onTestFinished(() => {
      terminal.#tmux('kill-server')
    })
    terminal.#tmux('pipe-pane', '-o', `cat > ${terminal.#rawFile}`)
    return terminal
  }

  /** Presses keys: names of tmux, such as `Enter` or `Down`, or characters. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** The lines on the screen, without spaces at their ends. */
  lines(): string[] {
    return this.#tmux('capture-pane', '-p').split('\n').slice(0, -1)
  }

  screen(): string {
    return this.lines().join('\n')
  }

  /** The lines with those joined that the terminal has wrapped. */
  joinedLines(): string[] {
    return this.#tmux('capture-pane', '-p', '-J').split('\n').slice(0, -1)
  }

  /** Everything that the program has written to the terminal. */
  raw(): string {
    return readFileSync(this.#rawFile, 'utf8')
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env: cleanEnvironment() })
  }
}
