// Installs the packages as users do, with each package manager and at both ends of every range, and runs small applications:
// npm run installs [-- --only npm] [-- --quick]. It writes the result to the README beside this file. Takes minutes, and the npm registry.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(dirname(here))
const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } })

/** The ends of the ranges: the oldest API and SDK 2, the newest API and SDK 3. */
const generations = {
  'SDK 2.12, API 1.9.0': {
    '@opentelemetry/api': '1.9.0',
    '@opentelemetry/sdk-metrics': '2.12.1',
    '@opentelemetry/sdk-trace-base': '2.12.1',
    '@opentelemetry/context-async-hooks': '2.12.1',
    '@opentelemetry/instrumentation': '0.223.0',
  },
  'SDK 3.1, API 1.10': {
    '@opentelemetry/api': '^1.10.0',
    '@opentelemetry/sdk-metrics': '3.1.0',
    '@opentelemetry/sdk-trace': '3.1.0',
    '@opentelemetry/context-async-hooks': '3.1.0',
    '@opentelemetry/instrumentation': '0.301.0',
  },
}

const automatic = {
  'SDK 2.12, API 1.9.0': {
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/auto-instrumentations-node': '0.81.2',
    '@opentelemetry/core': '2.12.1',
  },
  'SDK 3.1, API 1.10': { '@opentelemetry/api': '^1.10.0', '@opentelemetry/auto-instrumentations-node': '0.82.0' },
}

const packages = ['@wombat/console', '@wombat/instrumentation', '@wombat/monitor']
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager

const managers = {
  npm: ['npm', ['install', '--no-audit', '--no-fund', '--loglevel=warn']],
  pnpm: ['npx', ['--yes', pnpm, 'install', '--ignore-scripts']],
  yarn: ['npx', ['--yes', 'yarn@1.22.22', 'install', '--non-interactive', '--ignore-scripts']],
}

/** What is run in each installation. */
const checks = {
  ESM: (folder) => node(folder, ['app.mjs']),
  CommonJS: (folder) => node(folder, ['app.cjs']),
  WombatInstrumentation: (folder) => node(folder, ['auto.mjs']),
  TypeScript: (folder) => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck', '--types', '']
    return { ...node(folder, [tsc, ...flags, 'app.ts']), isSilent: true }
  },
}

const work = mkdtempSync(join(tmpdir(), 'wombat-installs-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const tarballs = pack()
const rows = []
for (const [manager, [command, args]] of Object.entries(managers)) {
  if (values.only !== undefined && values.only !== manager) continue
  for (const [generation, dependencies] of Object.entries(generations)) {
    const folder = createProject(manager, { ...dependencies, 'memory-level': '3' })
    const installed = run(folder, command, args)
    for (const [kind, check] of values.quick ? [['ESM', checks.ESM]] : Object.entries(checks)) {
      addRow({ manager, generation, kind, installed, result: installed.status === 0 ? check(folder) : undefined })
    }
  }
}
if (!values.quick && (values.only === undefined || values.only === 'npm')) {
  for (const [generation, dependencies] of Object.entries(automatic)) {
    const folder = createProject('npm', { ...dependencies, 'memory-level': '3' })
    const installed = run(folder, ...managers.npm)
    const environment = {
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      WOMBAT_PROMETHEUS_ENABLED: 'true',
      WOMBAT_PROMETHEUS_PORT: '29475',
      WOMBAT_LOG_LEVEL: 'warn',
    }
    const flags = ['--require', '@opentelemetry/auto-instrumentations-node/register', '--import', '@wombat/monitor/register']
    const kind = 'preload beside auto-instrumentations-node'
    addRow({ manager: 'npm', generation, kind, installed, result: node(folder, [...flags, 'plain.cjs'], environment) })
  }
}
const failed = rows.filter(({ isRight }) => !isRight).length
console.log(`${rows.length - failed} of ${rows.length} installations work`)
if (values.only === undefined && !values.quick) writeTable()
process.exitCode = failed === 0 ? 0 : 1

/** Packs the packages as they would be published. */
function pack() {
  return Object.fromEntries(
    packages.map((name) => {
      const folder = join(root, 'packages', name.slice(name.indexOf('/') + 1))
      execFileSync('npx', ['--yes', pnpm, 'pack', '--pack-destination', work], { cwd: folder, stdio: 'pipe' })
      const file = readdirSync(work).find((one) => one.startsWith(`wombat-${name.slice(name.indexOf('/') + 1)}`))
      return [name, `file:${join(work, file)}`]
    }),
  )
}

function createProject(manager, dependencies) {
  const folder = mkdtempSync(join(work, `${manager}-`))
  const { '@wombat/monitor': _, ...dependenciesOfMonitor } = tarballs
  const manifest = {
    name: 'application',
    private: true,
    dependencies: { ...dependencies, ...tarballs },
    // The packages are not published: that of the monitor finds the others here.
    overrides: dependenciesOfMonitor,
    resolutions: dependenciesOfMonitor,
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2))
  const lines = Object.entries(dependenciesOfMonitor).map(([name, file]) => `  "${name}": "${file}"\n`)
  const override = `overrides:\n${lines.join('')}`
  writeFileSync(join(folder, 'pnpm-workspace.yaml'), override)
  for (const file of readdirSync(join(here, 'applications'))) copyFileSync(join(here, 'applications', file), join(folder, file))
  mkdirSync(join(folder, 'tmp'))
  return folder
}

function run(folder, command, args, environment = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    timeout: 180_000,
  })
  return { status, output: `${stdout}${stderr}` }
}

function node(folder, args, environment) {
  return run(folder, process.execPath, args, environment)
}

function addRow({ manager, generation, kind, installed, result }) {
  const warnings = (installed.output.match(/ERESOLVE|unmet peer|incorrect peer|Issues with peer/gi) ?? []).length
  const isRight = result?.status === 0 && (result.isSilent === true || /^ok$/m.test(result.output))
  rows.push({ manager, generation, kind, warnings, isRight })
  console.log(`${isRight ? 'ok    ' : 'FAILED'} ${manager}, ${generation}, ${kind}: ${warnings} warnings of peers`)
  if (!isRight) console.log((result ?? installed).output.split('\n').slice(-25).join('\n'))
}

function writeTable() {
  const path = join(here, 'README.md')
  const lines = rows.map(
    ({ manager, generation, kind, warnings, isRight }) =>
      `| ${manager} | ${generation} | ${kind} | ${warnings} | ${isRight ? 'works' : 'fails'} |`,
  )
  const table = [
    '| package manager | OpenTelemetry | application | warnings of peers | result |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ]
  const readme = readFileSync(path, 'utf8')
  writeFileSync(path, readme.replace(/(<!-- table -->\n)[\s\S]*(<!-- end -->)/, `$1${table.join('\n')}\n$2`))
}
