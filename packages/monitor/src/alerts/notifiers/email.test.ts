import { type AddressInfo, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Alert } from '../manager.ts'
import { emailNotifier } from './email.ts'

const firing: Alert = {
  rule: 'DataCorruption',
  labels: { alertname: 'DataCorruption', store: 'orders' },
  annotations: { summary: 'orders has damaged data' },
  state: { name: 'firing', activeAtMs: 0, firedAtMs: 0 },
  value: 3,
}

/** Starts a mail server on loopback and returns the mails it received. */
async function startMailServer() {
  const mails: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      text(stream).then((mail) => {
        mails.push(mail)
        done()
      }, done)
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
  const { port } = server.server.address() as { port: number }
  return { mails, server: `smtp://127.0.0.1:${port}` }
}

test('a firing alert arrives as a mail with its summary', async () => {
  const { mails, server } = await startMailServer()
  const notifier = emailNotifier({ server, from: 'wombat@example.org', to: ['ops@example.org', 'night@example.org'] })
  await notifier.send({ rule: 'DataCorruption', atMs: 0, firing: [firing], resolved: [] }, AbortSignal.timeout(5000))
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatch(/^Subject: \[firing: 1\] DataCorruption\r$/m)
  expect(mails[0]).toMatch(/^To: ops@example\.org, night@example\.org\r$/m)
  expect(mails[0]).toContain('summary: orders has damaged data')
})

test('a resolved alert arrives as a mail', async () => {
  const { mails, server } = await startMailServer()
  const notifier = emailNotifier({ server, from: 'wombat@example.org', to: ['ops@example.org'] })
  const resolved: Alert = { ...firing, state: { name: 'resolved', activeAtMs: 0, resolvedAtMs: 1 } }
  await notifier.send({ rule: 'DataCorruption', atMs: 1, firing: [], resolved: [resolved] }, AbortSignal.timeout(5000))
  expect(mails[0]).toMatch(/^Subject: \[resolved: 1\] DataCorruption\r$/m)
})

test('a server that cannot be reached is an error', async () => {
  const notifier = emailNotifier({ server: 'smtp://127.0.0.1:1', from: 'a@example.org', to: ['b@example.org'] })
  const group = { rule: 'A', atMs: 0, firing: [firing], resolved: [] }
  await expect(notifier.send(group, AbortSignal.timeout(5000))).rejects.toThrow(/ECONNREFUSED/)
})

test('a mail server that drips its greeting fails after the time limit, and the connection is closed', async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const timer = setInterval(() => socket.write('220-wait\r\n'), 10)
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(timer)
      sockets.delete(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const notifier = emailNotifier({
    server: `smtp://127.0.0.1:${port}`,
    from: 'a@example.org',
    to: ['b@example.org'],
    timeoutMs: 200,
  })
  const group = { rule: 'A', atMs: 0, firing: [firing], resolved: [] }
  await expect(notifier.send(group, new AbortController().signal)).rejects.toThrow('the mail was not accepted within 200 ms')
  await vi.waitFor(() => expect(sockets.size).toBe(0))
})

test('missing recipients and a misspelled option are rejected', () => {
  const invalid = { server: 'smtp://127.0.0.1', from: 'a@example.org', to: [], timeout: 5 } as unknown as Parameters<
    typeof emailNotifier
  >[0]
  expect(() => emailNotifier(invalid)).toThrow(
    new TypeError('emailNotifier: to must be a list of mail addresses, got an array; timeout: no such option'),
  )
})
