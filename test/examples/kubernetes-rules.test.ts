import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ruleFiles } from '@wombat/dashboards'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

const root = join(import.meta.dirname, '../..')

/** Returns the code block of the README that installs rules and dashboards into the cluster. */
async function readRulesBlock(): Promise<string> {
  const readme = await readFile(join(root, 'examples/kubernetes/README.md'), 'utf8')
  const found = [...readme.matchAll(/```sh\n(.*?)```/gs)]
    .map(([, text = '']) => text)
    .find((text) => text.includes('PrometheusRule'))
  if (found === undefined) throw new Error('the README has no code block for rules')
  return found
}

test('the commands of the README create resources from the generated rules and dashboards', async () => {
  const script = `set -eu
npx() { shift; "${process.execPath}" "${join(root, 'packages/dashboards/dist/cli/bin.js')}" "$@" >/dev/null; }
kubectl() { if [ "$1" = apply ]; then cat; echo ---; else echo "# $*"; fi; }
${await readRulesBlock()}`
  const folder = await temporaryFolder()
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: folder })
  const resources = parseAllDocuments(stdout).flatMap((document) => document.toJS() ?? [])
  expect(resources).toEqual(
    Object.entries(ruleFiles()).map(([name, text]) => ({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: name.replace('.yaml', '') },
      spec: parse(text),
    })),
  )
  const [, dashboards = ''] = /^# create configmap \S+ --from-file=(\S+)$/m.exec(stdout) ?? []
  // More does not fit into a ConfigMap.
  const sizes = ['engine', 'fleet', 'overview'].map(
    async (name) => (await readFile(join(folder, dashboards, `${name}.json`))).length,
  )
  expect((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)).toBeLessThan(2 ** 20)
})
