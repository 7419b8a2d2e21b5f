// Runs every check: node test/scripts/check.mjs [--no-tests]  The last line is `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { report, runTests } from './run-tests.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const total = { passed: 0, failed: 0 }

check('format and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings'])
check('types', 'node_modules/typescript/bin/tsc', ['--build', '.', 'test'])
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join('packages', name)
  check(`publint ${name}`, 'node_modules/publint/src/cli.js', ['--strict', '--pack', 'npm', folder])
  check(`attw ${name}`, 'node_modules/@arethetypeswrong/cli/dist/index.js', ['--pack', folder, '--profile', 'esm-only'])
}
const tests = process.argv.includes('--no-tests') ? { passed: 0, failed: 0, skipped: 0, skippedTitles: [] } : runTests([])
report({ ...tests, passed: tests.passed + total.passed, failed: tests.failed + total.failed })

/** Runs a program that passes or fails as a whole. Its output is printed only if it fails. */
function check(title, program, args) {
  const startMs = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, encoding: 'utf8' })
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`)
  if (status === 0) {
    total.passed++
  } else {
    total.failed++
    console.log(`${stdout}${stderr}`)
  }
}
