import { MonitorClient } from '../connection/monitor-client.ts'
import type { CliHost, Command } from './command.ts'
import type { OptionValues } from './options.ts'
import { parseTarget, targetOption } from './target-option.ts'
import { suggest, UsageError } from './usage-error.ts'

/** Shows the stores of a process in the terminal. */
export const topCommand: Command = {
  usage: 'wombat-console top',
  description: 'Shows the stores of a process in the terminal, live; in a pipe, one report after the other.',
  options: {
    ...targetOption,
    interval: { value: 'SECONDS', description: 'Time between two reads, 1 to 3600 (default 5).' },
    once: { description: 'Print one report and exit: 0, or 1 if the process does not answer.' },
    json: { description: 'Print JSON instead of text: one object per report, on one line.' },
    sort: { value: 'COLUMN', description: 'Column of the order, such as rate (default), p99, errors or store.' },
    filter: { value: 'TEXT', description: 'Only rows with this text in a name.' },
  },
  run: top,
}

/** Of an output that is no terminal. */
const defaultColumns = 120

async function top(values: OptionValues, host: CliHost): Promise<number> {
  const client = new MonitorClient(parseTarget(values, host.environment))
  const intervalMs = parseInterval(values.get('interval')) * 1000
  rejectWithJson(values)
  // The help needs nothing of it.
  const [{ sortNames }, { readSnapshot }] = await Promise.all([
    import('../terminal/table-columns.ts'),
    import('../terminal/read-snapshot.ts'),
  ])
  const choice = { sort: parseSort(values.get('sort'), sortNames), filter: values.get('filter') ?? '' }
  const read = (signal: AbortSignal) => readSnapshot(client, signal)
  // The library for colors, which Ink uses, knows only the second variable.
  if (host.environment['NO_COLOR']) process.env['FORCE_COLOR'] = '0'

  const isOnce = values.has('once')
  if (isOnce || values.has('json') || !host.stdout.isTTY) {
    const { printReports } = await import('../terminal/print-reports.ts')
    const format = values.has('json') ? JSON.stringify : await loadFormat(choice, host.stdout.columns ?? defaultColumns)
    return printReports(read, format, { isOnce, intervalMs, address: client.address }, host)
  }
  const [{ runTop }, { Poller }] = await Promise.all([import('../terminal/run-top.tsx'), import('../terminal/poller.ts')])
  await runTop(new Poller(read, intervalMs), choice, host, host.signal)
  return 0
}

/** Loads Ink only if the report is text. */
async function loadFormat(choice: { readonly sort: string; readonly filter: string }, columns: number) {
  const { formatReport } = await import('../terminal/run-top.tsx')
  return (snapshot: Parameters<typeof formatReport>[0]): string => formatReport(snapshot, choice, columns)
}

function parseInterval(text = '5'): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text)
  if (seconds >= 1 && seconds <= 3600) return seconds
  throw new UsageError(`--interval must be a number of seconds from 1 to 3600, got ${JSON.stringify(text)}`)
}

function parseSort(name = 'rate', names: readonly string[]): string {
  if (names.includes(name)) return name
  throw new UsageError(`--sort must be one of ${names.join(', ')}, got ${JSON.stringify(name)}${suggest(name, names)}`)
}

/** The JSON always has everything: an option that has no effect is a mistake. */
function rejectWithJson(values: OptionValues): void {
  const other = values.has('json') && ['sort', 'filter'].find((name) => values.has(name))
  if (other) throw new UsageError(`--${other} has no effect on --json, which has all stores ordered by name: leave it out`)
}
