import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { main } from './main.ts'

async function runCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const stdout = new PassThrough().setEncoding('utf8')
  const error: string[] = []
  const code = await main(args, {
    environment,
    // What is printed before a terminal is needed.
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: process.stdin,
    printError: (line) => error.push(line),
    signal: AbortSignal.abort(),
  })
  return { code, out: String(stdout.read() ?? ''), error: error.join('\n') }
}

test('the help lists the commands with their options, and that of a command only its own', async () => {
  const { code, out } = await runCli(['--help'])
  expect(code).toBe(0)
  for (const text of ['wombat-console top', '--connect URL', '--port PORT', '--interval SECONDS', 'WOMBAT_AUTH_TOKEN']) {
    expect(out).toContain(text)
  }
  expect((await runCli(['top', '--help'])).out).not.toContain('--port')
})

test('no line of the help is longer than 120 characters', async () => {
  const { out } = await runCli(['--help'])
  expect(out.split('\n').filter((line) => line.length > 120)).toEqual([])
})

test('the version is that of the package', async () => {
  expect(await runCli(['--version'])).toEqual({ code: 0, out: '0.0.0\n', error: '' })
})

test.each<[string[], NodeJS.ProcessEnv, string]>([
  [['--conect', 'x'], {}, 'unknown option --conect: did you mean --connect?'],
  [['top', '--ones'], {}, 'unknown option --ones: did you mean --once?'],
  [['tpo'], {}, 'unknown command "tpo": did you mean top?'],
  [['top', 'orders'], {}, 'unexpected argument "orders"'],
  [['--connect'], {}, '--connect needs a value: --connect URL'],
  [['--connect', '--open'], {}, '--connect needs a value: --connect URL'],
  [['--open=yes'], {}, '--open takes no value'],
  [['--port', '1', '--port', '2'], {}, '--port was given twice'],
  [['--port', 'x'], {}, '--port must be a whole number from 0 (any free port) to 65535, got "x"'],
  [['--port', '65536'], {}, '--port must be a whole number from 0 (any free port) to 65535, got "65536"'],
  [['--port', '8080'], {}, '--port must be another port than that of the process, got 8080 for both'],
  [
    ['--connect', 'localhost:8080'],
    {},
    '--connect must be a URL such as http://127.0.0.1:8080, got "localhost:8080": did you mean http://localhost:8080?',
  ],
  [
    ['--connect', 'http://localhost:8080/api/v1/metrics'],
    {},
    '--connect must be the address of the process, without the path of an endpoint: did you mean http://localhost:8080?',
  ],
  [
    ['--connect', 'https://a:b@localhost'],
    {},
    '--connect must have no user name and password: set the token of the process in WOMBAT_AUTH_TOKEN',
  ],
  [['top'], { WOMBAT_CONSOLE_URL: 'a:b@host' }, 'WOMBAT_CONSOLE_URL must be a URL such as http://127.0.0.1:8080'],
  [['top', '--interval', '0'], {}, '--interval must be a number of seconds from 1 to 3600, got "0"'],
  [
    ['top', '--json', '--filter', 'a'],
    {},
    '--filter has no effect on --json, which has all stores ordered by name: leave it out',
  ],
])('%j is an invalid command line', async (args, environment, message) => {
  expect(await runCli(args, environment)).toEqual({
    code: 2,
    out: '',
    error: `wombat-console: ${message}\nRun wombat-console --help for the commands and their options.`,
  })
})

test('an unknown column is answered with all columns and the nearest one', async () => {
  const { code, error } = await runCli(['top', '--sort', 'p98'])
  expect(code).toBe(2)
  expect(error).toMatch(/--sort must be one of store, .*, p95, .*, got "p98": did you mean p95\?/)
})
