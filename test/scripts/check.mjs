// Every check there is, in one go: node test/check.mjs  Ends with the line `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const results = join(root, 'node_modules', '.vitest-results.json')
const total = { passed: 0, failed: 0, skipped: 0 }

check('format and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings'])
check('types', 'node_modules/typescript/bin/tsc', ['--build', '.', 'test'])
for (const name of readdirSync(join(root, 'packages'))) {
  check(`publint ${name}`, 'node_modules/publint/src/cli.js', ['--strict', '--pack', 'npm', join('packages', name)])
  check(`attw ${name}`, 'node_modules/@arethetypeswrong/cli/dist/index.js', [
    '--pack',
    join('packages', name),
    '--profile',
    'esm-only',
  ])
}
tests()
sayWhatWasLeftOut()
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1

/** One program that is right or wrong as a whole; it is heard only when it is wrong. */
function check(what, program, args) {
  const startMs = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, encoding: 'utf8' })
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${what} (${seconds} s)`)
  if (status === 0) {
    total.passed++
  } else {
    total.failed++
    console.log(`${stdout}${stderr}`)
  }
}

function tests() {
  rmSync(results, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters], {
    cwd: root,
    stdio: 'inherit',
  })
  if (!existsSync(results)) {
    total.failed++
    return
  }
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, 'utf8'))
  total.passed += numPassedTests
  total.failed += numFailedTests
  total.skipped += numPendingTests
  // A file that cannot be loaded, or an error outside any test, fails the run without failing a test.
  if (status !== 0 && numFailedTests === 0) total.failed++
}

function sayWhatWasLeftOut() {
  const parts = [
    [
      'test/backends/.installed/bin/prometheus',
      'a real Prometheus, Alertmanager, Collector and VictoriaMetrics',
      'bash test/backends/install.sh',
    ],
    ['test/rocksdb/node_modules/rocksdb-native', 'a real RocksDB', 'bash test/rocksdb/install.sh'],
  ]
  for (const [place, what, command] of parts) {
    if (!existsSync(join(root, place))) console.log(`left out: the tests against ${what}; ${command} puts it in place`)
  }
}
