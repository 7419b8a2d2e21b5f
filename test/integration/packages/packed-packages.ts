import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../..')
const names = ['instrumentation', 'console', 'monitor', 'dashboards'] as const

const execute = promisify(execFile)

/** A package as `pnpm publish` would upload it. */
interface PackedPackage {
  readonly name: string
  readonly tarball: string
  readonly exports: Readonly<Record<string, unknown>>
}

/** Returns why the npm registry cannot be reached; undefined if it answers. */
export async function registryProblem(): Promise<string | undefined> {
  try {
    await execute('npm', ['ping', '--fetch-timeout=5000', '--fetch-retries=0'])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Packs the packages into a folder, with the ranges of the workspace and the catalog resolved. */
export async function packPackages(folder: string): Promise<PackedPackage[]> {
  const { packageManager } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { packageManager: string }
  return Promise.all(
    names.map(async (directory) => {
      const cwd = join(root, 'packages', directory)
      const tarball = join(folder, `${directory}.tgz`)
      await execute('npx', ['--yes', packageManager, 'pack', '--silent', '--out', tarball], { cwd })
      const { name, exports } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as PackedPackage
      return { name, tarball, exports }
    }),
  )
}

/** Installs the packages, and the types of Node, with npm into a project of their own. */
export async function installPackages(folder: string, packages: readonly PackedPackage[]): Promise<void> {
  const { catalog } = parse(await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8')) as { catalog: Record<string, string> }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }))
  const specifiers = [...packages.map(({ tarball }) => tarball), `@types/node@${catalog['@types/node']}`]
  await execute('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...specifiers], { cwd: folder })
}

/** Returns every specifier that the installed packages export, with the files of a pattern listed. */
export async function listSpecifiers(folder: string, packages: readonly PackedPackage[]): Promise<string[]> {
  const specifiers = packages.map(({ name, exports }) =>
    Promise.all(
      Object.entries(exports).map(async ([subpath, target]) => {
        if (!subpath.includes('*')) return [`${name}${subpath.slice(1)}`]
        const [before = '', after = ''] = String(target).split('*')
        const files = await readdir(join(folder, 'node_modules', name, before))
        return files
          .filter((file) => file.endsWith(after))
          .map((file) => `${name}${subpath.slice(1).replace('*', file.slice(0, file.length - after.length))}`)
      }),
    ),
  )
  return (await Promise.all(specifiers)).flat(2)
}

/** Writes a project below the one in which the packages are installed. */
export async function writeProject(folder: string, files: Readonly<Record<string, string | object>>): Promise<void> {
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

/**
 * Runs Node in a folder and returns what it wrote on both streams.
 *
 * @throws Error with the output if the exit code is not 0.
 */
export async function runNode(folder: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, WOMBAT_JSON_API_ENABLED: 'false', WOMBAT_LOG_LEVEL: 'warn' }
  try {
    const { stdout, stderr } = await execute(process.execPath, args, { cwd: folder, env, timeout: 60_000 })
    return `${stdout}${stderr}`
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    throw new Error(`${message}\n${stdout}${stderr}`)
  }
}

/** The TypeScript compiler of the workspace. */
export const compiler = join(root, 'node_modules/typescript/bin/tsc')
