import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { EventStreamClient } from '@wombat/test-support/event-stream'
import { httpRequest } from '@wombat/test-support/http-request'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { expect, onTestFinished, test } from 'vitest'

/**
 * Starts a process with the built package: with every server, the log, OTLP to `url` every 200 ms, and a store that is used once.
 * Then it runs `program`. It is killed after 20 seconds, and then has no exit code.
 */
function startProcess(url: string, program: string, config = '{}'): ChildProcess {
  const before = `
    import { setTimeout as sleep } from 'node:timers/promises'
    import { startMonitoring } from '@wombat/monitor'
    import { MemoryLevel } from 'memory-level'
    const monitoring = await startMonitoring({
      prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0, logMetricsEnabled: true, logLevel: 'silent',
      metricsIntervalMs: 200, otlp: { url: '${url}', protocol: 'http/json' }, ...${config},
    })
    await monitoring.instrument(new MemoryLevel(), { name: 'orders' }).put('a', 1)
  `
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|WOMBAT)_/.test(name)))
  const child = spawn(process.execPath, ['--input-type=module', '-e', before + program], {
    cwd: join(import.meta.dirname, '..'),
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 20_000,
  })
  onTestFinished(() => {
    child.kill()
  })
  return child
}

async function waitForExit(child: ChildProcess): Promise<{ code: number | null; printed: string }> {
  const [printed, [code]] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, 'exit')])
  return { code, printed }
}

/** Starts a server that accepts connections, reads from them and never answers. */
async function startSilentReceiver() {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics` }
}

const refusing = 'http://127.0.0.1:1/v1/metrics'

test('a process with every server and exporter ends when its own work ends', async () => {
  const receiver = await startOtlpReceiver()
  expect(await waitForExit(startProcess(receiver.url, "console.log('done')"))).toEqual({ code: 0, printed: 'done\n' })
})

test('it ends while an export is in flight', async () => {
  const receiver = await startOtlpReceiver()
  expect(await waitForExit(startProcess(receiver.url, 'await sleep(500)'))).toMatchObject({ code: 0 })
  expect(receiver.received.length).toBeGreaterThan(0)
})

test('it ends if the OTLP receiver refuses connections', async () => {
  expect(await waitForExit(startProcess(refusing, 'await sleep(500)'))).toMatchObject({ code: 0 })
})

test('it ends if the OTLP receiver never answers', async () => {
  const { server, url } = await startSilentReceiver()
  const [exit] = await Promise.all([waitForExit(startProcess(url, 'await sleep(500)')), once(server, 'connection')])
  expect(exit).toMatchObject({ code: 0 })
})

test('it ends while a client keeps a connection open', async () => {
  const receiver = await startOtlpReceiver()
  const child = startProcess(receiver.url, 'console.log(monitoring.addresses.json); for await (const _ of process.stdin);')
  const [address] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const url = new URL(address.toString().trim())
  const stopped = connect(Number(url.port), url.hostname)
  stopped.on('error', () => {})
  await once(stopped, 'connect')
  // Half of a request: the server waits a minute for the rest. A later request is answered only after this part was read.
  stopped.write('GET / HTTP/1.1\r\nHost: loc')
  expect((await httpRequest(`${url}api/v1/metrics`)).status).toBe(200)
  child.stdin?.end()
  expect(await waitForExit(child)).toMatchObject({ code: 0 })
})

test('it ends while a client reads the stream of events', async () => {
  const receiver = await startOtlpReceiver()
  const child = startProcess(receiver.url, 'console.log(monitoring.addresses.json); for await (const _ of process.stdin);')
  const [address] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const client = await EventStreamClient.connect(`${address.toString().trim()}/api/v1/events/stream`)
  await expect.poll(() => client.of('change')).not.toEqual([])
  child.stdin?.end()
  expect(await waitForExit(child)).toMatchObject({ code: 0 })
  await client.ended()
})

test('close exports what was recorded', async () => {
  const receiver = await startOtlpReceiver()
  const child = startProcess(receiver.url, "await monitoring.close(); console.log('closed')", '{ metricsIntervalMs: 60000 }')
  expect(await waitForExit(child)).toEqual({ code: 0, printed: 'closed\n' })
  expect(receiver.received).toHaveLength(1)
  expect(otlpValue(receiver.received[0]?.body as Buffer, 'db_set_operations_total', { store: 'orders' })).toBe(1)
})

test('close waits for a receiver that never answers until its deadline, and the process ends', async () => {
  const { server, url } = await startSilentReceiver()
  const config = `{ closeTimeoutMs: 200, metricsIntervalMs: 60000, otlp: { url: '${url}', timeoutMs: 3000 } }`
  const child = startProcess(url, "await monitoring.close(); console.log('closed')", config)
  const happened: string[] = []
  server.once('connection', (socket) => {
    happened.push('connected')
    socket.once('close', () => happened.push('gave up'))
  })
  child.stdout?.once('data', () => happened.push('closed'))
  expect(await waitForExit(child)).toEqual({ code: 0, printed: 'closed\n' })
  // The export itself may take 3 seconds: close ended before.
  expect(happened.slice(0, 2)).toEqual(['connected', 'closed'])
})

test('if the receiver refuses connections, close does not wait for retries', async () => {
  const program = "await monitoring.close(); console.log('closed')"
  expect(await waitForExit(startProcess(refusing, program))).toEqual({ code: 0, printed: 'closed\n' })
})

/** Returns the number of puts in the last export that a receiver has got. */
function exportedPuts({ received }: { received: ReadonlyArray<{ readonly body: Buffer }> }): unknown {
  const last = received.at(-1)
  return last === undefined ? undefined : otlpValue(last.body, 'db_set_operations_total', { store: 'orders' })
}

const seldom = '{ metricsIntervalMs: 60000 }'

test('a process that ends before the first interval has exported its metrics', async () => {
  const receiver = await startOtlpReceiver()
  expect((await waitForExit(startProcess(receiver.url, '', seldom))).code).toBe(0)
  expect(receiver.received).toHaveLength(1)
  expect(exportedPuts(receiver)).toBe(1)
})

test('flush() exports what was recorded until then', async () => {
  const receiver = await startOtlpReceiver()
  const program = "await monitoring.flush(); console.log('flushed'); process.exit(0)"
  expect(await waitForExit(startProcess(receiver.url, program, seldom))).toEqual({ code: 0, printed: 'flushed\n' })
  expect(exportedPuts(receiver)).toBe(1)
})

test('process.exit() without flush() exports nothing more', async () => {
  const receiver = await startOtlpReceiver()
  expect((await waitForExit(startProcess(receiver.url, 'process.exit(0)', seldom))).code).toBe(0)
  expect(receiver.received).toEqual([])
})

test.each(['never answers', 'refuses connections'])(
  'flush() does not reject, and ends at its deadline, if the receiver %s',
  async (what) => {
    const url = what === 'never answers' ? (await startSilentReceiver()).url : refusing
    const program = `
    const startMs = performance.now()
    await monitoring.flush()
    console.log(performance.now() - startMs < 3000)
    process.exit(0)`
    const { printed } = await waitForExit(startProcess(url, program, '{ metricsIntervalMs: 60000, closeTimeoutMs: 1000 }'))
    expect(printed).toBe('true\n')
  },
)
