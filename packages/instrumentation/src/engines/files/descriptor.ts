import { type BigIntStats, close, fstat, open, read, type Stats, stat } from 'node:fs'
import { promisify } from 'node:util'
import { fileSlots } from './slots.ts'

// Files by descriptor; each function but `openFile` resolves to undefined if it fails. Not FileHandle: since Node 25, a FileHandle that is
// garbage collected while it is open ends the process.

const file = { open: promisify(open), read: promisify(read), fstat: promisify(fstat), stat: promisify(stat) }

/** How many bytes at the start of a log identify it: an engine's first line contains a timestamp. */
const headBytes = 32

const toUndefined = (): undefined => undefined

/** Opens a file for reading. @throws the error of the system: a file that is missing is something else than one that cannot be opened. */
export function openFile(path: string): Promise<number> {
  return fileSlots.run(() => file.open(path, 'r'))
}

/** Returns whether the system reports that there is no such file. */
export function isMissing(error: unknown): boolean {
  const code: unknown = (error as { code?: unknown } | undefined)?.code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Closes a descriptor, and ignores errors. */
export function closeFile(descriptor: number): void {
  close(descriptor, () => {})
}

/** Reads size and times of an open file. */
export function readStatus(descriptor: number): Promise<Stats | undefined> {
  return fileSlots.run(() => file.fstat(descriptor)).catch(toUndefined)
}

/** Reads bytes into the buffer, from its `offset` on. Returns how many; 0 at the end of the file. */
export async function readInto(
  buffer: Buffer,
  offset: number,
  length: number,
  descriptor: number,
  position: number,
): Promise<number | undefined> {
  const reading = fileSlots.run(() => file.read(descriptor, buffer, offset, length, position))
  return (await reading.catch(toUndefined))?.bytesRead
}

/** Reads the bytes that identify a log file. */
export async function readHead(descriptor: number): Promise<Buffer | undefined> {
  const head = Buffer.alloc(headBytes)
  const bytes = await readInto(head, 0, headBytes, descriptor, 0)
  return bytes === undefined ? undefined : head.subarray(0, bytes)
}

/** Returns whether the open file is the one at the path. */
export async function isFileAt(path: string, descriptor: number): Promise<boolean | undefined> {
  const read = <Status>(status: () => Promise<Status>): Promise<Status | undefined> => fileSlots.run(status).catch(toUndefined)
  const opened: BigIntStats | undefined = await read(() => file.fstat(descriptor, { bigint: true }))
  const fileAtPath: BigIntStats | undefined = await read(() => file.stat(path, { bigint: true }))
  return opened && fileAtPath && opened.ino === fileAtPath.ino && opened.dev === fileAtPath.dev
}
