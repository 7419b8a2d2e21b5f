import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { quantile } from '../spread.ts'
import type { DelayReport, Load, Service } from './load.ts'
import { allQuestions, askAll, openStream } from './questions.ts'

// Measures from outside how long the monitor holds the event loop while everything is asked of it at once:
// node test/bench/dist/longest-block/main.js [--seconds 300] [--profile] [--json] [--only NAME] [--quick]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    only: { type: 'string' },
    profile: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError(`--seconds must be more than 0, got ${values.seconds}`)
const size = values.quick
  ? { stores: 5, lines: 1200, historySeries: 20, historyDays: 2, alerts: 100 }
  : { stores: 100, lines: 22_000, historySeries: 1000, historyDays: 31, alerts: 10_000 }

const sink = createServer((request, response) => {
  request.resume()
  request.on('end', () => response.end())
}).listen(0, '127.0.0.1')
await once(sink, 'listening')
const folder = await mkdtemp(join(tmpdir(), 'wombat-longest-block-'))
const load: Load = {
  ...size,
  folder,
  profiled: values.profile,
  sinkUrl: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
}
// Profiles name the functions of the sources, not those of the bundle.
const execArgv = values.profile ? ['--conditions=source'] : []
const server = fork(new URL('./service.js', import.meta.url), [JSON.stringify(load)], { execArgv })
const idle = fork(new URL('./idle.js', import.meta.url), [], { execArgv: [] })
// Its error is on the console.
const failed = (): never => process.exit(1)
server.once('exit', failed)
try {
  const [[service]] = (await Promise.all([once(server, 'message'), once(idle, 'message')])) as [[Service], unknown]
  const questions = allQuestions(service, load.historyDays).filter(({ name }) => name.includes(values.only ?? ''))
  // What is asked for the first time is loaded and compiled.
  await ask(Math.min(20, seconds))
  await report(server)
  await report(idle)
  const answers = await ask(seconds)
  const reports = { service: await report(server), idle: await report(idle) }
  const answered = [...answers].map(([name, { timesMs, bytes, failures }]) => {
    return { name, answers: timesMs.length, failures, medianMs: quantile(timesMs, 0.5), maxMs: Math.max(0, ...timesMs), bytes }
  })
  if (values.json) console.log(JSON.stringify({ load: size, seconds, ...reports, answers: answered }, null, 2))
  else print(reports, answered)

  async function ask(forSeconds: number) {
    const controller = new AbortController()
    openStream(service, controller.signal)
    const asking = askAll(questions, controller.signal)
    await sleep(forSeconds * 1000)
    controller.abort()
    return asking
  }
} finally {
  server.off('exit', failed)
  server.kill('SIGKILL')
  idle.kill('SIGKILL')
  sink.closeAllConnections()
  sink.close()
  await rm(folder, { recursive: true, force: true })
}

async function report(child: ChildProcess): Promise<DelayReport> {
  child.send('report')
  const [message] = (await once(child, 'message')) as [DelayReport]
  return message
}

function print(
  reports: Readonly<Record<string, DelayReport>>,
  answers: ReadonlyArray<{ name: string; answers: number; failures: number; medianMs: number; maxMs: number; bytes: number }>,
): void {
  const ms = (value: number): string => value.toFixed(1)
  console.log(`${JSON.stringify(size)}, ${seconds} s`)
  console.table(
    Object.fromEntries(
      Object.entries(reports).map(([name, { culprits: _, ...one }]) => {
        const rounded = Object.entries(one).map(([field, value]) => [field, Number(value.toFixed(field === 'cpuShare' ? 3 : 1))])
        return [name, Object.fromEntries(rounded)]
      }),
    ),
  )
  for (const { name, answers: count, failures, medianMs, maxMs, bytes } of answers) {
    console.log(
      `${name}: ${count} answers of ${bytes} bytes, ${failures} failed, median ${ms(medianMs)} ms, longest ${ms(maxMs)} ms`,
    )
  }
  for (const { part, blocks, maxMs } of reports['service']?.culprits.slice(0, 40) ?? []) {
    console.log(`${ms(maxMs)} ms at most in ${blocks} blocks: ${part}`)
  }
}
