import { formatTarget } from '../connection/target.ts'
import type { ProxyServer } from '../proxy/proxy-server.ts'
import type { CliHost, Command } from './command.ts'
import type { OptionValues } from './options.ts'
import { parseTarget, targetOption } from './target-option.ts'
import { UsageError } from './usage-error.ts'

/** Looks at a process from outside, in a browser. */
export const serveCommand: Command = {
  usage: 'wombat-console',
  description: 'Serves the console of a process on this machine, for a browser.',
  options: {
    ...targetOption,
    port: { value: 'PORT', description: 'Port of the console on 127.0.0.1 (default 0: any free port).' },
    open: { description: 'Open the console in a browser.' },
  },
  run: serve,
}

async function serve(values: OptionValues, { environment, stdout, printError, signal }: CliHost): Promise<number> {
  const target = parseTarget(values, environment)
  const port = parsePort(values.get('port'))
  const isLoopback = /^(localhost\.?|127\.[\d.]+|\[::1\])$/.test(target.url.hostname)
  if (port !== 0 && isLoopback && Number(target.url.port) === port) {
    throw new UsageError(`--port must be another port than that of the process, got ${port} for both`)
  }
  // Loaded here: the help and `top` do not need them.
  const [{ startProxyServer }, { connectionProblem }] = await Promise.all([
    import('../proxy/proxy-server.ts'),
    import('../connection/connection-problem.ts'),
  ])
  const server = await startProxyServer(target, port)
  try {
    stdout.write(`Console  ${server.createLink()}\nProcess  ${formatTarget(target)}\nStop     Ctrl-C\n`)
    const problem = await connectionProblem(target, signal)
    if (problem !== undefined) printError(`wombat-console: ${problem}. The console connects as soon as the process answers.`)
    if (values.has('open')) await openBrowser(server, printError)
    await aborted(signal)
  } finally {
    await server.close()
  }
  return 0
}

function parsePort(text = '0'): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError(`--port must be a whole number from 0 (any free port) to 65535, got ${JSON.stringify(text)}`)
}

async function openBrowser(server: ProxyServer, printError: (line: string) => void): Promise<void> {
  const { openInBrowser } = await import('./open-in-browser.ts')
  const problem = await openInBrowser(server.createLink())
  if (problem !== undefined) printError(`wombat-console: ${problem}: open ${server.createLink()} yourself`)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
