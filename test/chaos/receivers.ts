import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a receiver answers. */
export type Behavior = 'ok' | 'down' | 'busy' | 'hanging' | 'cutting' | 'dripping' | 'endless' | 'moved'

/** The failures after which a notification is tried again. */
export const passingFailures = [
  'down',
  'busy',
  'hanging',
  'cutting',
  'dripping',
  'endless',
] as const satisfies readonly Behavior[]
/** Every way of not doing what it should. */
export const badBehaviors = [...passingFailures, 'moved'] as const satisfies readonly Behavior[]

/** A server that takes what the monitor sends. Faults make it misbehave. */
export class Receiver {
  behavior: Behavior = 'ok'
  accepted = 0
  refused = 0
  readonly #server: Server
  readonly #path: string

  private constructor(path: string, onBody: (body: Buffer, isAccepted: boolean) => void) {
    this.#path = path
    this.#server = createServer(async (request, response) => {
      const body = await buffer(request).catch(() => undefined)
      if (body === undefined) return
      const isAccepted = this.behavior === 'ok'
      if (isAccepted) this.accepted++
      else this.refused++
      onBody(body, isAccepted)
      await this.#answer(response)
    })
  }

  /** @param onBody called with each body and whether it is accepted. */
  static async start(path: string, onBody: (body: Buffer, isAccepted: boolean) => void): Promise<Receiver> {
    const receiver = new Receiver(path, onBody)
    receiver.#server.listen(0, '127.0.0.1')
    await once(receiver.#server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(response: ServerResponse): Promise<void> {
    const { behavior } = this
    response.on('error', () => {})
    if (behavior === 'ok') response.writeHead(200).end()
    if (behavior === 'down') response.writeHead(503).end()
    if (behavior === 'busy') response.writeHead(429, { 'retry-after': '2' }).end()
    if (behavior === 'cutting') response.socket?.destroy()
    if (behavior === 'moved') response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end()
    if (behavior === 'dripping' || behavior === 'endless') {
      response.writeHead(200)
      const [chunk, pauseMs] = behavior === 'endless' ? ['x'.repeat(65_536), 1] : ['x', 100]
      while (!response.destroyed && this.behavior === behavior) {
        response.write(chunk)
        await sleep(pauseMs)
      }
      response.destroy()
    }
  }
}
