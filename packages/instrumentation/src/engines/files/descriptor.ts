import { type BigIntStats, close, fstat, open, read, type Stats, stat } from 'node:fs'
import { promisify } from 'node:util'

// Files by descriptor; each function resolves to undefined if it fails. Not FileHandle: since Node 25, a FileHandle that is
// garbage collected while it is open ends the process.

const file = { open: promisify(open), read: promisify(read), fstat: promisify(fstat), stat: promisify(stat) }

/** How many bytes at the start of a log identify it: an engine's first line contains a timestamp. */
const headBytes = 32

const toUndefined = (): undefined => undefined

/** Opens a file for reading. */
export function openFile(path: string): Promise<number | undefined> {
  return file.open(path, 'r').catch(toUndefined)
}

/** Closes a descriptor, and ignores errors. */
export function closeFile(descriptor: number): void {
  close(descriptor, () => {})
}

/** Reads size and times of an open file. */
export function readStatus(descriptor: number): Promise<Stats | undefined> {
  return file.fstat(descriptor).catch(toUndefined)
}

/** Reads bytes into the buffer, from its `offset` on. Returns how many; 0 at the end of the file. */
export async function readInto(
  buffer: Buffer,
  offset: number,
  length: number,
  descriptor: number,
  position: number,
): Promise<number | undefined> {
  return (await file.read(descriptor, buffer, offset, length, position).catch(toUndefined))?.bytesRead
}

/** Reads the bytes that identify a log file. */
export async function readHead(descriptor: number): Promise<Buffer | undefined> {
  const head = Buffer.alloc(headBytes)
  const bytes = await readInto(head, 0, headBytes, descriptor, 0)
  return bytes === undefined ? undefined : head.subarray(0, bytes)
}

/** Returns whether the open file is the one at the path. */
export async function isFileAt(path: string, descriptor: number): Promise<boolean | undefined> {
  const opened: BigIntStats | undefined = await file.fstat(descriptor, { bigint: true }).catch(toUndefined)
  const fileAtPath: BigIntStats | undefined = await file.stat(path, { bigint: true }).catch(toUndefined)
  return opened && fileAtPath && opened.ino === fileAtPath.ino && opened.dev === fileAtPath.dev
}
