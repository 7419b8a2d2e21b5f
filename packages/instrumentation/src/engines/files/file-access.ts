import type { Stats, StatsFs } from 'node:fs'
import * as fs from 'node:fs/promises'

/*
 * The functions of Node with these names, for files that Node's permission model may refuse. In Node 22 they then resolve with `undefined`,
 * and leave behind a rejected promise that nothing can handle: it would end the process.
 */

export async function stat(path: string): Promise<Stats> {
  requireReadable(path)
  return fs.stat(path)
}

export async function statfs(path: string): Promise<StatsFs> {
  requireReadable(path)
  return fs.statfs(path)
}

export async function readdir(path: string): Promise<string[]> {
  requireReadable(path)
  return fs.readdir(path)
}

/** @throws the error of newer versions of Node. */
function requireReadable(path: string): void {
  if (process.permission?.has('fs.read', path) !== false) return
  const error = new Error('Access to this API has been restricted. Use --allow-fs-read to manage permissions.')
  throw Object.assign(error, { code: 'ERR_ACCESS_DENIED', permission: 'FileSystemRead' })
}
