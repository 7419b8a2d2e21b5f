import { type BigIntStats, close, fstat, open, read, type Stats, stat } from 'node:fs'
import { promisify } from 'node:util'

// Files by the number of their descriptor, where what fails is undefined. Descriptors and no FileHandles: from Node 25 on, one
// of those that is garbage collected while it is open ends the process.

const file = { open: promisify(open), read: promisify(read), fstat: promisify(fstat), stat: promisify(stat) }

/** So much of a file's beginning tells whether it is still the same: an engine's first line carries a time. */
const headBytes = 32

const unknown = (): undefined => undefined

export function openFile(path: string): Promise<number | undefined> {
  return file.open(path, 'r').catch(unknown)
}

export function closeFile(descriptor: number): void {
  close(descriptor, () => {})
}

export function statusOf(descriptor: number): Promise<Stats | undefined> {
  return file.fstat(descriptor).catch(unknown)
}

/** How many bytes were read into the buffer from its `offset` on; 0 at the file's end. */
export async function readInto(
  buffer: Buffer,
  offset: number,
  length: number,
  descriptor: number,
  position: number,
): Promise<number | undefined> {
  return (await file.read(descriptor, buffer, offset, length, position).catch(unknown))?.bytesRead
}

export async function headOf(descriptor: number): Promise<Buffer | undefined> {
  const head = Buffer.alloc(headBytes)
  const bytes = await readInto(head, 0, headBytes, descriptor, 0)
  return bytes === undefined ? undefined : head.subarray(0, bytes)
}

/** Whether this open file is the one at the path; undefined where there is none. */
export async function isAt(path: string, descriptor: number): Promise<boolean | undefined> {
  const ours: BigIntStats | undefined = await file.fstat(descriptor, { bigint: true }).catch(unknown)
  const there: BigIntStats | undefined = await file.stat(path, { bigint: true }).catch(unknown)
  return ours && there && ours.ino === there.ino && ours.dev === there.dev
}
