import { parseArgs } from 'node:util'

export const usage = `Runs a LevelDB store under a mixed load and measures it end to end.

  npm start -- [--for SECONDS] [--prometheus-port PORT] [--json-port PORT]

  --for SECONDS             stop after this time (default: run until Ctrl-C)
  --prometheus-port PORT    port of /metrics (default 9464)
  --json-port PORT          port of the JSON API (default 8080)
  --help                    print this help

Exports OTLP to OTEL_EXPORTER_OTLP_ENDPOINT if it is set, else to a receiver in the demo itself.`

export interface CommandLine {
  readonly help: boolean
  readonly seconds: number | undefined
  readonly prometheusPort: number
  readonly jsonApiPort: number
}

/** Parses the command line. @throws Error that names the flag that is not valid. */
export function parseCommandLine(): CommandLine {
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
    seconds: values.for === undefined ? undefined : parseSeconds(values.for),
    prometheusPort: parsePort('--prometheus-port', values['prometheus-port']),
    jsonApiPort: parsePort('--json-port', values['json-port']),
  }
}

/** A timer of Node waits for at most 2^31 milliseconds, and fires at once if set to more. */
const maxSeconds = 2_000_000

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= maxSeconds) return seconds
  throw new Error(`--for must be a number of seconds above 0 and up to ${maxSeconds}, got ${JSON.stringify(text)}`)
}

function parsePort(flag: string, text: string): number {
  const port = Number(text)
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`${flag} must be a port from 0 (any free port) to 65535, got ${JSON.stringify(text)}`)
}

/** Replaces the monitor's option names in an error message by the flags of this program. */
export function withFlagNames(message: string): string {
  return message.replaceAll('prometheusPort', '--prometheus-port').replaceAll('jsonApiPort', '--json-port')
}
