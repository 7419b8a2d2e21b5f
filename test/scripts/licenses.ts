// Lists the license of every package that is installed: node test/scripts/licenses.ts
// The packages that are published depend on some of them; the rest build and test this workspace.
import { existsSync, globSync, lstatSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A package with its license, as its manifest states it. */
export interface LicensedPackage {
  readonly name: string
  readonly version: string
  /** An SPDX expression; `none` if the manifest has none. */
  readonly license: string
  readonly folder: string
}

/** Licenses that ask for no more than their text: all that a package of ours may depend on. */
export const permissiveLicenses: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
]

/** Licenses of programs that only build or test the workspace, and of which nothing is published. */
export const toolLicenses: readonly string[] = [...permissiveLicenses, 'CC-BY-3.0', 'CC-BY-4.0', 'MPL-2.0']

/** Packages whose manifest has no license, with what their repository says. */
const unstatedLicenses: Readonly<Record<string, string>> = {}

/** Returns every installed package with its license. */
export function installedPackages(): LicensedPackage[] {
  const manifests = globSync('node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json', { cwd: root })
  const found = new Map<string, LicensedPackage>()
  for (const path of manifests) {
    // What a package depends on is a link beside it.
    if (lstatSync(join(root, dirname(path))).isSymbolicLink()) continue
    const { name, version, license, licenses } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Readonly<
      Record<string, unknown>
    >
    if (typeof name !== 'string' || typeof version !== 'string') continue
    const folder = realpathSync(join(root, dirname(path)))
    found.set(folder, { name, version, folder, license: licenseText(license ?? licenses) ?? unstatedLicenses[name] ?? 'none' })
  }
  return [...found.values()].sort((one, other) => `${one.name}@${one.version}`.localeCompare(`${other.name}@${other.version}`))
}

/** Returns the packages that those which are published need when they run, directly or not. */
export function publishedDependencies(): LicensedPackage[] {
  const all = new Map(installedPackages().map((one) => [one.folder, one]))
  const needed = new Set<string>()
  const visit = (folder: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Readonly<Record<string, object>>
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = findDependency(folder, name)
      // An optional one may be for another platform.
      if (found === undefined || needed.has(found)) continue
      if (all.has(found)) needed.add(found)
      visit(found)
    }
  }
  for (const path of globSync('packages/*/package.json', { cwd: root })) visit(realpathSync(join(root, dirname(path))))
  return [...needed].flatMap((folder) => all.get(folder) ?? [])
}

/** Returns the folder from which Node loads a dependency. */
function findDependency(folder: string, name: string): string | undefined {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const path = join(at, 'node_modules', name)
    if (existsSync(join(path, 'package.json'))) return realpathSync(path)
  }
  return undefined
}

/** Returns whether an SPDX expression can be fulfilled with the licenses of a list. */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const text = expression.replace(/^\((.*)\)$/, '$1')
  if (/ OR /i.test(text)) return text.split(/ OR /i).some((one) => isAllowed(one.trim(), allowed))
  if (/ AND /i.test(text)) return text.split(/ AND /i).every((one) => isAllowed(one.trim(), allowed))
  return allowed.includes(text)
}

/** Older manifests have objects or lists. */
function licenseText(license: unknown): string | undefined {
  if (typeof license === 'string') return license
  if (Array.isArray(license)) return license.map(licenseText).join(' OR ') || undefined
  const { type } = (license ?? {}) as { readonly type?: unknown }
  return typeof type === 'string' ? type : undefined
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const published = new Set(publishedDependencies().map(({ folder }) => folder))
  for (const { name, version, license, folder } of installedPackages()) {
    console.log(`${license}\t${name}@${version}${published.has(folder) ? '\tpublished' : ''}`)
  }
}
