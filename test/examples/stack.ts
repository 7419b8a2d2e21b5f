import { cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { parse } from 'yaml'
import { examples } from './running-example.ts'

export const stackFolder = join(examples, 'observability-stack')

/** One container: the fields that the stack uses. */
export interface Container {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly working_dir?: string
  readonly depends_on?: readonly string[] | Readonly<Record<string, object>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

export interface Stack {
  readonly services: Readonly<Record<string, Container>>
  readonly volumes: Readonly<Record<string, object>>
}

export interface Mount {
  /** A path on the host, or the name of a volume. */
  readonly source: string
  readonly target: string
  readonly isVolume: boolean
}

/** Reads and parses a file of the stack. */
export async function stackFile<Content>(name: string): Promise<Content> {
  return parse(await readFile(join(stackFolder, name), 'utf8'), { merge: true }) as Content
}

export function parseMounts({ volumes = [] }: Container): Mount[] {
  return volumes.map((text) => {
    const [source = '', target = ''] = text.split(':')
    const isVolume = !source.startsWith('.')
    return { source: isVolume ? source : resolve(stackFolder, source), target, isVolume }
  })
}

/** Creates a folder with the mounted files of a container, as its root directory. */
export async function createRootFolder(container: Container): Promise<string> {
  const root = await temporaryFolder()
  for (const { source, target, isVolume } of parseMounts(container)) {
    if (isVolume) continue
    await mkdir(dirname(join(root, target)), { recursive: true })
    await cp(source, join(root, target), { recursive: true })
  }
  return root
}

/** Returns every string in a document, at every depth. */
export function collectStrings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(collectStrings) : []
}
