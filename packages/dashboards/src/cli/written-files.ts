import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Says which files of a folder are ours, and what was in them when we wrote them. */
const manifestName = '.wombat-dashboards.json'

/** What became of a file. */
export type Outcome = 'written' | 'written anew' | 'unchanged' | 'left from before'

/**
 * Writes files into a folder, which is made where it is missing. A file that is not ours, or is no longer as we wrote it, is left
 * alone, unless `force` is given; then nothing at all is written. What was written once and is not now, of another route for
 * example, stays where it is, and is told.
 *
 * @throws Error naming those files.
 */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  { force = false }: { readonly force?: boolean } = {},
): Promise<Readonly<Record<string, Outcome>>> {
  const ours = await readManifest(folder)
  const outcomes: Record<string, Outcome> = {}
  const foreign: string[] = []
  for (const [name, text] of Object.entries(files)) {
    const there = await textOf(join(folder, name))
    if (there === undefined) outcomes[name] = 'written'
    else if (there === text) outcomes[name] = 'unchanged'
    else {
      outcomes[name] = 'written anew'
      if (ours[name] !== digest(there)) foreign.push(name)
    }
  }
  if (foreign.length > 0 && !force) {
    throw new Error(
      `${foreign.map((name) => join(folder, name)).join(', ')}: not as this command wrote it, or not written by it, so it is left alone, and nothing was written; --force overwrites it`,
    )
  }
  for (const name of Object.keys(ours)) {
    if (files[name] === undefined && (await textOf(join(folder, name))) !== undefined) outcomes[name] = 'left from before'
  }
  for (const [name, text] of Object.entries(files)) {
    if (outcomes[name] === 'unchanged') continue
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const written = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, digest(text)]))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, manifestName), `${JSON.stringify({ ...ours, ...written }, null, 2)}\n`)
  return outcomes
}

/** The digests of what we wrote; of a file that says something else, nothing is believed. */
async function readManifest(folder: string): Promise<Readonly<Record<string, string>>> {
  const text = await textOf(join(folder, manifestName))
  if (text === undefined) return {}
  try {
    const content: unknown = JSON.parse(text)
    return typeof content === 'object' && content !== null ? Object.fromEntries(Object.entries(content)) : {}
  } catch {
    return {}
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw code === 'ENOTDIR' ? new Error(`${dirname(path)} is no folder: it, or what it should lie in, is a file`) : error
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
