import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A process of a group: the one that collects has a server, the others are connected to it. */
export type Seat =
  | { readonly role: 'collector'; readonly server: Server; readonly generation: number }
  | { readonly role: 'member'; readonly socket: Socket }

/** Unix allows about a hundred characters in the path of a socket. */
const maxPathLength = 100
const connectTimeoutMs = 1000
const maxAttempts = 20
/** What was left longer ago belongs to processes of which no other has known. */
const maxLeftAgeMs = 3_600_000

/**
 * The folder through which the processes of a group find each other. The process that collects listens on a socket in it. The name of the
 * socket is a number; each new process that collects takes the next one. So two that start at once cannot both take it, the sockets
 * of processes that were killed are in the way of none, and of two sockets with a process the higher one counts.
 */
export class GroupDirectory {
  readonly #root: string
  readonly #path: string
  readonly #uid = process.getuid?.() ?? 0

  /**
   * @param group the name of the group.
   * @throws Error if there is no folder that only this user can read.
   */
  constructor(group: string) {
    if (process.platform === 'win32') throw new Error('processes on Windows cannot share an address')
    this.#root = join(tmpdir(), `wombat-${this.#uid}`)
    // Loaded only if it is needed: it takes a while.
    const { createHash } = process.getBuiltinModule('node:crypto')
    this.#path = join(this.#root, createHash('sha256').update(group).digest('hex').slice(0, 16))
    if (this.#path.length + 16 > maxPathLength) {
      throw new Error(`the path ${this.#path} is too long for a socket: set TMPDIR to a shorter one`)
    }
    this.#prepare()
  }

  /**
   * Connects to the process that collects, or becomes it.
   *
   * @param known the number of the last process that collected, as far as this one knows.
   * @throws Error if neither is possible.
   */
  async join(known: number): Promise<Seat> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const generation = Math.max(known, this.newestGeneration())
      const socket = generation === 0 ? undefined : await connectTo(this.#socketPath(generation))
      if (socket !== undefined) return { role: 'member', socket }
      const server = await listenOn(this.#socketPath(generation + 1))
      if (server === undefined) continue
      if (this.newestGeneration() === generation + 1) {
        this.#removeOld(generation + 1)
        return { role: 'collector', server, generation: generation + 1 }
      }
      server.close()
    }
    throw new Error(`no process of the group could be reached through ${this.#path}`)
  }

  /** Returns the number of the newest process that collects; 0 if there was none. */
  newestGeneration(): number {
    return Math.max(0, ...this.#generations())
  }

  /** Listens again under a number that this process has taken; undefined if another process has it. */
  async listenAgain(generation: number): Promise<Server | undefined> {
    this.#prepare()
    return listenOn(this.#socketPath(generation))
  }

  /** Keeps a number taken whose server is about to be closed: the next process that collects must have a higher one. */
  keepNumber(generation: number): void {
    writeFileSync(join(this.#path, `${generation}.ended`), '', { mode: 0o600 })
  }

  /** Leaves what a process has not sent yet, when it cannot wait any more. */
  leave(worker: string, bytes: Buffer): void {
    writeFileSync(this.#lastWordsPath(worker), bytes, { mode: 0o600 })
  }

  /** Returns what a process has left, and removes it; undefined if it left nothing. */
  takeLeft(worker: string): Buffer | undefined {
    const path = this.#lastWordsPath(worker)
    try {
      const bytes = readFileSync(path)
      rmSync(path)
      return bytes
    } catch {
      // Most processes leave nothing: they were closed.
      return undefined
    }
  }

  #prepare(): void {
    for (const path of [this.#root, this.#path]) makePrivate(path, this.#uid)
  }

  #generations(): number[] {
    return readdirSync(this.#path).flatMap((name) => {
      const [, generation] = /^(\d+)\.(sock|ended)$/.exec(name) ?? []
      return generation === undefined ? [] : [Number(generation)]
    })
  }

  /** Removes the sockets of earlier processes, and what was left for them and not taken. */
  #removeOld(generation: number): void {
    for (const name of readdirSync(this.#path)) {
      const path = join(this.#path, name)
      const isOld = name.endsWith('.last')
        ? Date.now() - lstatSync(path).mtimeMs > maxLeftAgeMs
        : Number.parseInt(name, 10) < generation
      if (isOld) rmSync(path, { force: true })
    }
  }

  #socketPath(generation: number): string {
    return join(this.#path, `${generation}.sock`)
  }

  #lastWordsPath(worker: string): string {
    return join(this.#path, `${worker}.last`)
  }
}

/** Creates the folder, or checks that it belongs to this user alone: who can write to it could answer in place of a process. */
function makePrivate(path: string, uid: number): void {
  mkdirSync(path, { mode: 0o700, recursive: true })
  const stats = lstatSync(path)
  if (!stats.isDirectory() || stats.uid !== uid || (stats.mode & 0o077) !== 0) {
    throw new Error(`${path} must be a folder that only this user can use: remove it, or set TMPDIR`)
  }
}

/** Returns a connection; undefined if no process listens there. @throws Error if one listens and does not accept. */
function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('the process that collects does not accept connections'))
    }, connectTimeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
  })
}

/** Returns a server; undefined if the name is taken. */
function listenOn(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    // In node:cluster, the workers must not share it.
    server.listen({ path, exclusive: true }, () => {
      server.unref()
      resolve(server)
    })
  })
}
