import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'
import type { Course, Seen } from './ended-databases.ts'

interface Report {
  readonly courses: Readonly<Record<string, Readonly<Record<'root' | 'child', Course>>>>
  readonly aborted: readonly Seen[]
  readonly closing: { readonly states: readonly string[]; readonly written: number }
}

async function run(packageName: string, build: string): Promise<Report> {
  const program = join(import.meta.dirname, 'ended-databases.ts')
  // If the process ends, the last line of `stderr`, which is in the error, is what it did.
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeFlags, program, packageName, build], { timeout: 60_000 })
  return JSON.parse(stdout)
}

const open = (entries: number): Seen => ({ state: 'open', entries })
const closed: Partial<Seen> = { state: 'closed' }

/** The entries of the root, and the child, after the database of 51 entries ended. */
const dropped = [open(0), closed] as const
/** The database is there. The root counts it only as an entry of its own, because LMDB closed it. */
const closedByUs = [open(1), closed] as const
const closedByOthers = [open(1), open(51)] as const
const kept = [open(51), open(51)] as const

const expected: Readonly<Record<string, readonly [root: Seen, child: Partial<Seen>]>> = {
  drop: dropped,
  dropSync: dropped,
  deleteDB: dropped,
  'drop of another handle': dropped,
  'dropSync of another handle': dropped,
  'dropSync through another root': dropped,
  'drop in a transaction': dropped,
  'drop in an aborted transaction': kept,
  close: closedByUs,
  'close of another handle': closedByOthers,
  'drop by a worker thread': dropped,
  'drop by another process': dropped,
  'dropSync of the root': dropped,
  'close of another root': kept,
}

const builds = ['lmdb', 'lmdb2'].flatMap((name) => ['import', 'require'].map((build) => [name, build] as const))

test.each(builds)(
  'with %s (%s), a database that ended is not asked, and nothing of the next one is read or written',
  async (packageName, build) => {
    const { courses, aborted, closing } = await run(packageName, build)
    expect(Object.keys(courses)).toEqual(Object.keys(expected))
    for (const [how, [root, child]] of Object.entries(expected)) {
      // The root counts the other database, which was opened from it.
      const withOther = { ...root, entries: (root.entries ?? 0) + 3 }
      const [rootCourse, childCourse] = [courses[how]?.root, courses[how]?.child]
      expect(rootCourse, how).toMatchObject({ before: open(51), ended: root, replaced: withOther, closed })
      expect(childCourse, how).toMatchObject({ before: open(51), ended: child, replaced: child, closed })
      for (const course of [rootCourse, childCourse]) {
        expect(course?.otherKeys, how).toEqual(['order 0', 'order 1', 'order 2'])
        expect(course?.probeErrors, how).toEqual([])
        if (course?.ended.state === 'closed') expect(course.replaced.entries, how).toBeUndefined()
      }
    }
    // Not committed yet, then aborted, then its slot is taken.
    expect(aborted).toEqual([open(0), closed, closed])
    expect(closing).toEqual({ states: ['open', 'closed'], written: 20_001 })
  },
  90_000,
)
