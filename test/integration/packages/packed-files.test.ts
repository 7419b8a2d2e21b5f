import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')

/** What each package contains. A pattern without a file is wrong, too. */
const contents: Readonly<Record<string, readonly RegExp[]>> = {
  instrumentation: [
    /^(LICENSE|README\.md|package\.json)$/,
    /^docs\/[\w-]+\.md$/,
    /^dist\/bundle\/[\w-]+\.js(\.map)?$/,
    /^dist\/([\w-]+\/)*[\w.-]+\.d\.ts(\.map)?$/,
    /^src\/([\w-]+\/)*[\w-]+\.ts$/,
  ],
  monitor: [
    /^(LICENSE|README\.md|RUNBOOK\.md|package\.json)$/,
    /^docs\/[\w-]+\.md$/,
    /^dist\/bundle\/[\w-]+\.js(\.map)?$/,
    /^dist\/([\w-]+\/)*[\w.-]+\.d\.ts(\.map)?$/,
    /^src\/([\w-]+\/)*[\w-]+\.ts$/,
  ],
  console: [
    /^(LICENSE|README\.md|package\.json)$/,
    /^docs\/[\w-]+\.png$/,
    /^dist\/bundle\/([\w-]+\.js|licenses\.txt)$/,
    /^dist\/(index|console-files)\.d\.ts(\.map)?$/,
    /^dist\/page\/([\w-]+\/)*[\w.-]+\.(html|css|js|svg|txt)$/,
    /^src\/([\w-]+\/)*[\w-]+\.tsx?$/,
    /^src\/page\/([\w-]+\/)*[\w-]+\.(html|css|svg)$/,
    /^src\/page\/tsconfig\.json$/,
  ],
  dashboards: [
    /^(LICENSE|README\.md|package\.json)$/,
    /^dist\/([\w-]+\/)*[\w-]+\.(js|d\.ts)(\.map)?$/,
    /^generated\/(dashboards\/[\w-]+\.json|rules\/[\w-]+\.yaml)$/,
    /^src\/([\w-]+\/)*[\w-]+\.ts$/,
  ],
}

const packed = new Map<string, readonly string[]>()

/** Returns the files that npm would publish. */
function packedFiles(name: string): readonly string[] {
  const known = packed.get(name)
  if (known !== undefined) return known
  const files = listPackedFiles(name)
  packed.set(name, files)
  return files
}

function listPackedFiles(name: string): string[] {
  const cwd = join(root, 'packages', name)
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const answer = JSON.parse(output) as Readonly<Record<string, { readonly files: ReadonlyArray<{ readonly path: string }> }>>
  return Object.values(answer).flatMap(({ files }) => files.map(({ path }) => path))
}

test.each(Object.entries(contents))('%s contains what is listed here, and nothing else', (name, patterns) => {
  const files = packedFiles(name)
  expect(files.filter((file) => !patterns.some((pattern) => pattern.test(file)))).toEqual([])
  expect(patterns.filter((pattern) => !files.some((file) => pattern.test(file)))).toEqual([])
})

test.each(Object.keys(contents))('%s contains no test, no secret and no path of the machine that built it', (name) => {
  const folder = join(root, 'packages', name)
  for (const file of packedFiles(name)) {
    expect(file).not.toMatch(/\.test\.|(^|\/)\.|\.(pem|key|crt|log|tgz|tsbuildinfo)$|fixture/i)
    if (/\.png$/.test(file)) continue
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text.includes(root), `${file} has the path of this workspace`).toBe(false)
    expect(text, file).not.toMatch(/-----BEGIN (EC |RSA |)PRIVATE KEY-----[\s\S]*[A-Za-z0-9+/]{40}/)
  }
})

test.each(Object.keys(contents))('every built file of %s belongs to a source that exists', (name) => {
  const folder = join(root, 'packages', name)
  const orphans = packedFiles(name).filter((file) => {
    const [, source] = /^dist\/(?!bundle\/|page\/)(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(file) ?? []
    return source !== undefined && !['.ts', '.tsx'].some((ending) => existsSync(join(folder, 'src', `${source}${ending}`)))
  })
  expect(orphans).toEqual([])
})

test('the source that a map names is published with it', () => {
  for (const name of Object.keys(contents)) {
    const files = new Set(packedFiles(name))
    for (const map of [...files].filter((file) => file.endsWith('.map'))) {
      const { sources } = JSON.parse(readFileSync(join(root, 'packages', name, map), 'utf8')) as { sources: readonly string[] }
      const missing = sources.map((source) => join(dirname(map), source)).filter((source) => !files.has(source))
      expect(missing, map).toEqual([])
    }
  }
})
