import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { type LineSink, LogFollower, type LogFollowerOptions, type LogReadResult } from '../src/engines/files/log-follower.ts'

/** A log file and its follower. */
export interface FollowedLog {
  readonly folder: string
  readonly path: string
  readonly follower: LogFollower
  /** The lines that are new. */
  read(): Promise<string[]>
  /** How far a read comes. */
  reading(): Promise<LogReadResult>
  restarts(): number
}

/** A log in a folder of its own. */
export function followedLog(parent: string, text: string | Buffer = '', options: LogFollowerOptions = {}): FollowedLog {
  const folder = mkdtempSync(join(parent, 'log-'))
  writeFileSync(join(folder, 'LOG'), text)
  return follow(folder, options)
}

export function follow(folder: string, options: LogFollowerOptions = {}): FollowedLog {
  const path = join(folder, 'LOG')
  const follower = new LogFollower(path, options)
  const lines: string[] = []
  let restarts = 0
  const sink: LineSink = {
    onLine: (text) => {
      lines.push(text)
    },
    onRestart: () => {
      restarts++
    },
  }
  return {
    folder,
    path,
    follower,
    reading: () => follower.read(sink),
    restarts: () => restarts,
    async read() {
      await follower.read(sink)
      return lines.splice(0)
    },
  }
}

/** What LevelDB writes in the life of a small store. */
export async function realLog(parent: string): Promise<Buffer> {
  const folder = mkdtempSync(join(parent, 'db-'))
  const db = new ClassicLevel(folder, { writeBufferSize: 65_536 })
  for (let round = 0; round < 5; round++) await db.put(`key ${round}`, 'x'.repeat(50_000))
  await db.compactRange('a', 'z')
  await db.close()
  return readFileSync(join(folder, 'LOG'))
}
