// Runs the tests of one project and counts them. As a program: node test/scripts/run-tests.mjs [unit|integration] [VITEST OPTION ...]
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const resultsFile = join(root, 'node_modules', '.vitest-results.json')

/** What the tests need and the set-up does not install, by the file that shows it is there. */
const optionalParts = [
  {
    file: 'test/backends/.installed/bin/prometheus',
    tests: 'the tests against real Prometheus, Alertmanager, Collector and VictoriaMetrics servers',
    remedy: 'install them with: bash test/backends/install.sh',
  },
  {
    file: 'test/backends/.installed/bin/redis-server',
    tests: 'the tests against a real Redis',
    remedy: 'install it with: bash test/backends/install.sh --no-collector',
  },
  {
    file: 'test/rocksdb/node_modules/rocksdb-native',
    tests: 'the tests against a real RocksDB',
    remedy: 'install it with: bash test/rocksdb/install.sh',
  },
  {
    file: 'test/processes/node_modules/pm2',
    tests: 'the tests with PM2',
    remedy: 'install it with: bash test/processes/install.sh',
  },
  {
    file: '/usr/bin/chromium',
    tests: 'the tests of the console in a browser',
    remedy: 'install it with: bash test/console/install.sh',
  },
  {
    file: '/usr/bin/tmux',
    tests: 'the tests of the console in a terminal',
    remedy: 'install it with: bash test/console/install.sh',
  },
]

/** Runs Vitest with these arguments. Returns the counts, and the titles of the tests that it left out. */
export function runTests(args) {
  rmSync(resultsFile, { force: true })
  const secondAttempts = join(root, 'test/scripts/second-attempts.mjs')
  const reporters = ['--reporter=default', `--reporter=${secondAttempts}`, '--reporter=json', `--outputFile.json=${resultsFile}`]
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...args, ...reporters], { cwd: root, stdio: 'inherit' })
  if (!existsSync(resultsFile)) return { passed: 0, failed: 1, skipped: 0, skippedTitles: [] }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(resultsFile, 'utf8'))
  const skippedTitles = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ fullName }) => fullName),
  )
  // A file that cannot be loaded, or an error outside any test, fails the run without failing a test.
  const otherFailures = status !== 0 && numFailedTests === 0 ? 1 : 0
  return { passed: numPassedTests, failed: numFailedTests + otherFailures, skipped: numPendingTests, skippedTitles }
}

/** Prints which tests were left out on this machine and how to get them, then the totals. Sets the exit code. */
export function report({ passed, failed, skipped, skippedTitles }) {
  for (const { file, tests, remedy } of optionalParts) {
    if (skipped > 0 && !existsSync(resolve(root, file))) console.log(`left out: ${tests}; ${remedy}`)
  }
  const isListed = (reason) => optionalParts.some(({ remedy }) => reason.includes(remedy.slice(remedy.indexOf('bash'))))
  const reasons = skippedTitles.flatMap((title) => {
    const [, tests, reason] = /^(.*) \(left out: ([^)]*)\)/.exec(title) ?? []
    return reason === undefined || isListed(reason) ? [] : [`left out: ${tests}; ${reason}`]
  })
  for (const line of new Set(reasons)) console.log(line)
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exitCode = failed === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [project, ...options] = process.argv.slice(2)
  report(runTests(project === undefined ? options : [`--project=${project}`, ...options]))
}
