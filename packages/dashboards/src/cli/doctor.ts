import { diagnose, type PipelineOptions } from '../doctor/diagnose.ts'
import type { CliOptions, ParsedOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

/** Options of `wombat-dashboards doctor`. */
export const doctorOptions = {
  otlp: { value: 'url', description: 'OTLP receiver (HTTP) of the Collector, for example http://127.0.0.1:4318.' },
  metrics: {
    value: 'url',
    description: "Endpoint that Prometheus scrapes: the Collector's or, without --otlp, a process's.",
  },
  prometheus: { value: 'url', description: 'Prometheus that should have the series.' },
  victoriametrics: { value: 'url', description: 'VictoriaMetrics that should have the series.' },
  'otlp-header': { value: 'name: value', repeated: true, description: 'HTTP header for the OTLP receiver, such as a token.' },
  'query-header': {
    value: 'name: value',
    repeated: true,
    description: 'HTTP header for the metrics endpoint, Prometheus and VictoriaMetrics.',
  },
  'timeout-seconds': { value: 'seconds', description: 'Time limit of each hop; longer than the scrape interval (default 90).' },
} as const satisfies CliOptions

/** Checks a pipeline and prints one line per hop. Returns the exit code: 0, or 1 if a hop fails. @throws UsageError */
export async function doctor(options: ParsedOptions, print: (line: string) => void): Promise<number> {
  if (options.positionals.length > 0) throw new UsageError(`doctor takes options only, got ${options.positionals[0]}`)
  let isHealthy = true
  for await (const { from, to, problems } of diagnose(pipelineOptions(options))) {
    isHealthy &&= problems.length === 0
    if (problems.length === 0) print(`ok    ${from} -> ${to}: all series arrived unchanged`)
    for (const problem of problems) print(`FAIL  ${from} -> ${to}: ${problem}`)
  }
  print(isHealthy ? 'All hops are ok.' : 'Fix the first failing hop first: later ones may follow from it.')
  return isHealthy ? 0 : 1
}

function pipelineOptions(options: ParsedOptions): PipelineOptions {
  const otlp = options.url('otlp')
  const backends: Pick<PipelineOptions, 'metrics' | 'prometheus' | 'victoriametrics'> = Object.fromEntries(
    (['metrics', 'prometheus', 'victoriametrics'] as const).flatMap((name) => {
      const url = options.url(name)
      return url === undefined ? [] : [[name, url]]
    }),
  )
  if (otlp === undefined && backends.metrics === undefined) {
    throw new UsageError('doctor needs a start: --otlp (a Collector) or --metrics (the endpoint of a process)')
  }
  if (Object.keys(backends).length + Number(otlp !== undefined) < 2) {
    throw new UsageError('doctor needs a destination: --prometheus, --victoriametrics or, with --otlp, --metrics')
  }
  const timeoutSeconds = options.number('timeout-seconds')
  return {
    ...(otlp !== undefined && { otlp }),
    ...backends,
    otlpHeaders: parseHeaders(options, 'otlp-header'),
    queryHeaders: parseHeaders(options, 'query-header'),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  }
}

/** @throws UsageError without the value: it may be a secret. */
function parseHeaders(options: ParsedOptions, option: string): Record<string, string> {
  return Object.fromEntries(
    options.all(option).map((text): [string, string] => {
      const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.+)$/.exec(text) ?? []
      if (name === undefined || value === undefined) throw new UsageError(`--${option} must be "name: value"`)
      return [name.toLowerCase(), value]
    }),
  )
}
