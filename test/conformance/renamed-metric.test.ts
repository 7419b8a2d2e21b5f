import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { type MetricName, metrics } from '@wombat/instrumentation'
import { defaultRules } from '@wombat/monitor'
import { panelQueries } from '@wombat/test-support/panel-queries'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const names = ['instrumentation', 'console', 'monitor', 'dashboards'] as const
/** Whether a metric belongs to an operation. Its name is composed from the typed name of the operation, so it occurs nowhere as a whole. */
const isOfOperation = (name: string): boolean => /^db_(get|set|delete|batch|scan|clear|has|get_many)_/.test(name)

/**
 * Copies the packages and links their dependencies, so that each copy resolves the other copies. The copy is outside the
 * repository: other tests list the repository's files meanwhile.
 */
async function copyPackages(): Promise<string> {
  const folder = await temporaryFolder()
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await cp(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'))
  for (const name of names) {
    const [from, to] = [join(root, 'packages', name), join(folder, 'packages', name)]
    await cp(from, to, {
      recursive: true,
      filter: (path) => !['node_modules', 'dist'].includes(basename(path)) && !path.endsWith('.tsbuildinfo'),
    })
    await linkModules(join(from, 'node_modules'), join(to, 'node_modules'))
    await mkdir(join(to, 'node_modules/@wombat'), { recursive: true })
    for (const other of names) await symlink(join(folder, 'packages', other), join(to, 'node_modules/@wombat', other))
  }
  return folder
}

async function linkModules(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) {
    if (name.startsWith('.') || name === '@wombat') continue
    if (name.startsWith('@')) await linkModules(join(from, name), join(to, name))
    else await symlink(await realpath(join(from, name)), join(to, name))
  }
}

/** Renames every metric in the catalog except those of operations, and returns the errors of the compiler. */
async function compileWithRenamedMetrics(): Promise<string> {
  const folder = await copyPackages()
  const catalog = join(folder, 'packages/instrumentation/src/metrics/semconv.ts')
  const text = await readFile(catalog, 'utf8')
  await writeFile(catalog, text.replaceAll(/^ {2}(db|wombat)_(\w+): /gm, '  $1_renamed_$2: '))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const args = [compiler, '--build', 'packages/dashboards', '--pretty', 'false']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 28 }).catch(
    (error: { stdout: string }) => error,
  )
  return stdout
}

/** Returns the metric names that a compiler error rejects, without the names it would accept. */
function rejectedNames(complaint: string): string[] {
  const [refused = ''] = complaint.split(' is not assignable to ')
  return [...refused.matchAll(/"((?:db|wombat)_\w+)"/g)].map(([, name = '']) => name)
}

test('a metric that is renamed in the catalog causes compiler errors in the dashboards and the rules', async () => {
  const complaints = (await compileWithRenamedMetrics()).split('\n').filter((line) => line.includes('error TS'))
  const complainedIn = (place: string): Set<string> =>
    new Set(complaints.filter((line) => line.startsWith(place)).flatMap(rejectedNames))
  const known = (name: string): name is MetricName => name in metrics && !isOfOperation(name)

  const onPanels = new Set(panelQueries().flatMap((query) => query.metrics.filter(known)))
  expect(onPanels.size).toBeGreaterThan(50)
  expect([...onPanels].filter((name) => !complainedIn('packages/dashboards/src/grafana/').has(name))).toEqual([])

  const inRules = new Set(defaultRules.flatMap((rule) => [rule.metric, ...('of' in rule ? [rule.of] : [])]).filter(known))
  expect(inRules.size).toBeGreaterThan(10)
  expect([...inRules].filter((name) => !complainedIn('packages/monitor/src/alerts/').has(name))).toEqual([])
})
