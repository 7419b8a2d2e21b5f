import { readFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { fixedLimits, type RequestLimits } from './request-limits.ts'
import { isProbe } from './shared-probes.ts'

/** Handles requests of a Node server. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** The limits of connections, each with its default in `fixedLimits`. */
export type ConnectionBounds = Readonly<
  Record<
    'pipelined' | 'queuedPipelined' | 'allPipelined' | 'unreadBytes' | 'patienceMs' | 'patienceBytes' | 'patienceCheckMs',
    number
  >
>

/** A request that is answered, and those behind it on its connection. */
interface Answer {
  readonly socket: Socket
  readonly response: ServerResponse
  /** What begins the next ones. HTTP answers the requests of a connection in their order. */
  readonly waiting: Array<() => void>
  /** Bytes that the client had taken, and when that was: the start of the time in which it must take more. */
  takenBytes: number
  sinceMs: number
}

/**
 * Limits what the clients of Node servers cost: a connection is answered one request after the other, and a client that sends many requests at
 * once, or does not read what it asked for, is disconnected.
 */
export class ConnectionLimits {
  readonly limits: RequestLimits
  readonly #bounds: ConnectionBounds
  readonly #answers = new Map<Socket, Answer>()
  /** How many requests wait, of all connections. */
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor(limits: RequestLimits, bounds: Partial<ConnectionBounds> = {}) {
    this.limits = limits
    this.#bounds = { ...fixedLimits, ...bounds }
  }

  /** Returns a handler that does the same within the limits. */
  wrap(handle: NodeHandler): NodeHandler {
    return async (request, response) => {
      const { socket } = request
      const current = this.#answers.get(socket)
      const waiting = current?.waiting ?? []
      // A probe that is refused may end the process.
      const isTooMany = waiting.length >= this.#bounds.pipelined && !isProbe(request)
      if (current !== undefined) {
        if (waiting.length >= this.#bounds.queuedPipelined || this.#waiting >= this.#bounds.allPipelined) {
          const message = `${waiting.length} of its requests waited for an answer, ${this.#waiting} of all clients`
          this.#disconnect(current, 'pipelined', message)
          return
        }
        this.#waiting++
        await new Promise<void>((resolve) => waiting.push(resolve))
        this.#waiting--
      }
      this.#begin(socket, response, waiting)
      if (isTooMany) this.#refuse(response)
      else await handle(request, response)
    }
  }

  /** Answers a request before which too many waited on its connection. */
  #refuse(response: ServerResponse): void {
    const problem = `${this.#bounds.pipelined} requests waited on this connection already`
    this.limits.recordRefusal('pipelined', `a request was answered with 503: ${problem}`)
    const headers = { 'content-type': 'application/json', 'retry-after': '1' }
    response.writeHead(503, headers).end(JSON.stringify({ error: `${problem}: wait for answers before you send more` }))
  }

  #begin(socket: Socket, response: ServerResponse, waiting: Answer['waiting']): void {
    const answer = { socket, response, waiting, takenBytes: takenBytes(socket), sinceMs: performance.now() }
    this.#answers.set(socket, answer)
    this.#timer ??= setInterval(() => this.#check(), this.#bounds.patienceCheckMs).unref()
    this.#disconnectLargest()
    const end = (): void => {
      response.off('close', end)
      // The answer of a closed connection has no `close` if it waited for another one.
      socket.off('close', end)
      if (socket.destroyed) this.#dropWaiting(waiting)
      const next = waiting.shift()
      if (next === undefined) this.#forget(answer)
      else next()
    }
    response.once('close', end)
    socket.once('close', end)
  }

  #dropWaiting(waiting: Answer['waiting']): void {
    this.#waiting -= waiting.length
    waiting.length = 0
  }

  #forget(answer: Answer): void {
    if (this.#answers.get(answer.socket)?.waiting === answer.waiting) this.#answers.delete(answer.socket)
    if (this.#answers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Disconnects the clients that do not read. */
  #check(): void {
    this.#disconnectLargest()
    const nowMs = performance.now()
    for (const answer of this.#answers.values()) {
      const { socket, response, takenBytes: before, sinceMs } = answer
      const taken = takenBytes(socket)
      // The client waits for the answer; or for that of the application which comes before it.
      const isUnread = response.writableLength > 0 && response.socket !== null
      if (!isUnread || taken - before >= this.#bounds.patienceBytes) {
        answer.takenBytes = taken
        answer.sinceMs = nowMs
      } else if (nowMs - sinceMs >= this.#bounds.patienceMs) {
        const seconds = this.#bounds.patienceMs / 1000
        this.#disconnect(answer, 'slow', `it read less than ${this.#bounds.patienceBytes} bytes of its answer in ${seconds} s`)
      }
    }
  }

  /** Disconnects the clients that leave most unread, until the rest is within the limit. */
  #disconnectLargest(): void {
    let unread = 0
    for (const { response } of this.#answers.values()) unread += response.writableLength
    while (unread > this.#bounds.unreadBytes) {
      let largest: Answer | undefined
      for (const one of this.#answers.values()) {
        if (one.response.writableLength > (largest?.response.writableLength ?? 0)) largest = one
      }
      if (largest === undefined) return
      unread -= largest.response.writableLength
      this.#disconnect(largest, 'unread', `clients have left ${this.#bounds.unreadBytes} bytes of answers unread, this one most`)
    }
  }

  #disconnect(answer: Answer, reason: 'pipelined' | 'slow' | 'unread', message: string): void {
    const { socket, waiting } = answer
    // Further requests may have arrived with this one.
    if (socket.destroyed) return
    this.limits.recordRefusal(reason, `a client of the HTTP endpoints was disconnected: ${message}`)
    this.#dropWaiting(waiting)
    this.#forget(answer)
    socket.destroy()
  }
}

/** Returns how many bytes the system has taken for the client. */
function takenBytes(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

/**
 * The connections of one server. A new one that is too many ends the one that is idle for longest or, if all are at work, is ended itself: idle
 * clients keep neither a probe out, nor the stores from their files.
 */
export class ServerConnections {
  readonly #maxConnections: number
  readonly #limits: RequestLimits
  /** How many requests of each connection are not answered; those without any are idle. */
  readonly #open = new Map<Socket, number>()
  /** Longest idle first. */
  readonly #idle = new Set<Socket>()
  /** Connections whose TLS handshake is under way, by their peer: a client that never ends it must not keep the server open. */
  readonly #handshakes = new Map<string, Socket>()
  #isClosing = false

  constructor(server: Server | TlsServer, limits: RequestLimits, maxConnections = defaultMaxConnections()) {
    this.#maxConnections = maxConnections
    this.#limits = limits
    server.on('connection', (socket: Socket) => {
      this.#add(socket)
      if (this.#open.size > maxConnections) this.#endOne(socket)
    })
    if ('setSecureContext' in server) this.#trackHandshakes(server)
    server.on('request', ({ socket }, response) => {
      this.#count(socket, 1)
      response.once('close', () => this.#count(socket, -1))
    })
  }

  /** Closes the connections without an answer in progress at once, the others after it. */
  close(): void {
    this.#isClosing = true
    for (const socket of this.#idle) socket.destroy()
  }

  /** A connection has two sockets, of which the second has the requests. */
  #trackHandshakes(server: TlsServer): void {
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket)
      this.#handshakes.set(peer, socket)
      socket.once('close', () => this.#handshakes.delete(peer))
    })
    server.on('secureConnection', (socket) => {
      const peer = peerOf(socket)
      const first = this.#handshakes.get(peer)
      this.#handshakes.delete(peer)
      if (first !== undefined) this.#remove(first)
      this.#add(socket)
    })
  }

  #add(socket: Socket): void {
    // A connection does not keep the process alive.
    socket.unref()
    this.#open.set(socket, 0)
    this.#idle.add(socket)
    socket.once('close', () => this.#remove(socket))
  }

  #remove(socket: Socket): void {
    this.#open.delete(socket)
    this.#idle.delete(socket)
  }

  #endOne(newest: Socket): void {
    const [longestIdle = newest] = this.#idle
    const message = `a client of the HTTP endpoints was disconnected: ${this.#maxConnections} connections are open`
    this.#limits.recordRefusal('connections', message)
    this.#remove(longestIdle)
    longestIdle.destroy()
  }

  #count(socket: Socket, change: 1 | -1): void {
    const before = this.#open.get(socket)
    if (before === undefined) return
    this.#open.set(socket, before + change)
    if (before + change > 0) this.#idle.delete(socket)
    else {
      this.#idle.add(socket)
      if (this.#isClosing) socket.end()
    }
  }
}

/** Returns what the two sockets of a TLS connection have in common. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Returns how many connections a server may have: the other files are for the stores. */
function defaultMaxConnections(): number {
  const files = maxOpenFiles() ?? Number.POSITIVE_INFINITY
  return Math.max(8, Math.min(fixedLimits.connections, Math.floor(files / 4)))
}

/** Returns how many files the process may open; undefined if that is unknown, as on other systems than Linux. */
function maxOpenFiles(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
