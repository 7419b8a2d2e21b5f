import { diagnose, type PipelineOptions } from '../doctor/diagnose.ts'
import type { CliOptions, ParsedOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

export const doctorOptions = {
  otlp: { value: 'an address', description: 'Where the canary is sent: the Collector, http://127.0.0.1:4318 for example.' },
  metrics: {
    value: 'an address',
    description: "The page that Prometheus reads: the Collector's or, without --otlp, a process'.",
  },
  prometheus: { value: 'an address', description: 'The Prometheus that should have it then.' },
  victoriametrics: { value: 'an address', description: 'The VictoriaMetrics that should have it then.' },
  'otlp-header': { value: 'name: text', repeated: true, description: 'A header for the Collector, for a token for example.' },
  'query-header': { value: 'name: text', repeated: true, description: 'A header for the page, Prometheus and VictoriaMetrics.' },
  'timeout-seconds': { value: 'seconds', description: 'How long each hop may take; a scrape has to fit (default 90).' },
} as const satisfies CliOptions

/** Says hop by hop what became of what is sent along a route; 1 where it was lost or changed. @throws Misuse */
export async function doctor(typed: ParsedOptions, say: (line: string) => void): Promise<number> {
  if (typed.positionals.length > 0) throw new UsageError(`doctor takes options only, got ${typed.positionals[0]}`)
  let isWell = true
  for await (const { from, to, problems } of diagnose(pipelineOptions(typed))) {
    isWell &&= problems.length === 0
    if (problems.length === 0) say(`ok    ${from} -> ${to}: all arrived as it was given`)
    for (const problem of problems) say(`WRONG ${from} -> ${to}: ${problem}`)
  }
  say(isWell ? 'The route is sound.' : 'The first hop that is wrong is the one to look at.')
  return isWell ? 0 : 1
}

function pipelineOptions(typed: ParsedOptions): PipelineOptions {
  const otlp = typed.address('otlp')
  const places: Pick<PipelineOptions, 'metrics' | 'prometheus' | 'victoriametrics'> = Object.fromEntries(
    (['metrics', 'prometheus', 'victoriametrics'] as const).flatMap((name) => {
      const url = typed.address(name)
      return url === undefined ? [] : [[name, url]]
    }),
  )
  if (otlp === undefined && places.metrics === undefined) {
    throw new UsageError('doctor needs --otlp, where a canary can be sent, or --metrics, a page that a process shows')
  }
  if (Object.keys(places).length + Number(otlp !== undefined) < 2) {
    throw new UsageError(
      'doctor needs to know who should have it then: --prometheus, --victoriametrics or, behind --otlp, --metrics',
    )
  }
  const timeoutSeconds = typed.number('timeout-seconds')
  return {
    ...(otlp !== undefined && { otlp }),
    ...places,
    otlpHeaders: parseHeaders(typed, 'otlp-header'),
    queryHeaders: parseHeaders(typed, 'query-header'),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  }
}

/** @throws Misuse without repeating what may be a secret. */
function parseHeaders(typed: ParsedOptions, option: string): Record<string, string> {
  return Object.fromEntries(
    typed.all(option).map((text): [string, string] => {
      const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.+)$/.exec(text) ?? []
      if (name === undefined || value === undefined) throw new UsageError(`--${option} must be "name: text", as a header is`)
      return [name.toLowerCase(), value]
    }),
  )
}
