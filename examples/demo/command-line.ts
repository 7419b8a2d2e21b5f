import { parseArgs } from 'node:util'

export const usage = `A LevelDB store under a mixed load, measured end to end.

  npm start -- [--for SECONDS] [--prometheus-port PORT] [--json-port PORT]

  --for SECONDS             stop after that time (default: at Ctrl-C)
  --prometheus-port PORT    where /metrics is served (default 9464)
  --json-port PORT          where /api/v1/metrics is served (default 8080)
  --help                    show this and stop

OTLP is sent to a receiver of the demo's own, or to where OTEL_EXPORTER_OTLP_ENDPOINT says.`

export interface CommandLine {
  readonly help: boolean
  readonly seconds: number | undefined
  readonly prometheusPort: number
  readonly jsonApiPort: number
}

/** What was asked for. @throws Error with a sentence that names the flag that is wrong. */
export function commandLine(): CommandLine {
  const { values } = parseArgs({
    options: {
      for: { type: 'string' },
      'prometheus-port': { type: 'string', default: '9464' },
      'json-port': { type: 'string', default: '8080' },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    help: values.help,
    seconds: values.for === undefined ? undefined : secondsOf(values.for),
    prometheusPort: portOf('--prometheus-port', values['prometheus-port']),
    jsonApiPort: portOf('--json-port', values['json-port']),
  }
}

/** A timer of Node counts to 2^31 milliseconds, and one that is set further than that fires at once. */
const mostSeconds = 2_000_000

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= mostSeconds) return seconds
  throw new Error(`--for must be a number of seconds above 0, ${mostSeconds} at most, got ${JSON.stringify(text)}`)
}

function portOf(flag: string, text: string): number {
  const port = Number(text)
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`${flag} must be a port from 0 (any free port) to 65535, got ${JSON.stringify(text)}`)
}

/** The monitor complains of its options, this program's user knows only the flags. */
export function inFlags(sentence: string): string {
  return sentence.replaceAll('prometheusPort', '--prometheus-port').replaceAll('jsonApiPort', '--json-port')
}
