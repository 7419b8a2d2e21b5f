import type { Socket } from 'node:net'
import type { MessagePort } from 'node:worker_threads'
import { errorMessage } from '../validation/error-message.ts'
import { encodeMessage, type Message, MessageDecoder } from './message.ts'

/** A connection to another process or thread that delivers messages in their order, or closes. */
export interface Transport {
  /** Sends a message; does nothing if the connection is closed. */
  send(message: Message): void
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number
  /** Stops or continues to deliver messages, so that a fast sender has to wait. */
  setPaused(isPaused: boolean): void
  close(): void
}

/** What a transport calls. */
export interface TransportEvents {
  onMessage(message: Message): void
  /** Called once, with the reason if it was not closed on purpose. */
  onClose(reason?: string): void
}

/** Sends messages over a socket, which does not keep the process alive. */
export function socketTransport(socket: Socket, { onMessage, onClose }: TransportEvents): Transport {
  const decoder = new MessageDecoder()
  let reason: string | undefined
  socket.unref()
  socket.on('data', (chunk) => {
    try {
      for (const message of decoder.push(chunk)) onMessage(message)
    } catch (error) {
      reason = errorMessage(error)
      socket.destroy()
    }
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    reason ??= error.code ?? error.message
  })
  socket.once('close', () => onClose(reason))
  return {
    send: (message) => {
      if (!socket.destroyed) socket.write(encodeMessage(message))
    },
    get bufferedBytes() {
      return socket.writableLength
    },
    setPaused: (isPaused) => {
      if (isPaused) socket.pause()
      else socket.resume()
    },
    close: () => socket.destroySoon(),
  }
}

/** Sends messages over a port to another thread. The port does not keep the thread alive. */
export function portTransport(port: MessagePort, { onMessage, onClose }: TransportEvents): Transport {
  port.on('message', onMessage)
  port.once('close', () => onClose())
  // Last: a listener that is added refs the port again.
  port.unref()
  return {
    send: (message) => port.postMessage(message, message.numbers === undefined ? [] : [message.numbers.buffer as ArrayBuffer]),
    bufferedBytes: 0,
    setPaused: () => {},
    close: () => port.close(),
  }
}
