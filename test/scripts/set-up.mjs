// Installs and builds the workspace if needed, then runs a file of it: node test/scripts/set-up.mjs [FILE [ARGUMENT ...]]
// Plain JavaScript without dependencies: it runs on a machine that has only Node 20 or later.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

install()
const node = supportedNode()
step('build', node, [join(root, 'node_modules/typescript/bin/tsc'), '--build'])
step('bundle', node, [join(root, 'test/scripts/bundle.mjs')])
const [file, ...args] = process.argv.slice(2)
if (file !== undefined) run(node, file, args)

/** Installs the versions of the lock file, unless the last installation used the same lock file. */
function install() {
  const stamp = join(root, 'node_modules', '.set-up')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  step(`install dependencies with ${packageManager}`, npx, ['--yes', packageManager, 'install', '--frozen-lockfile'])
  writeFileSync(stamp, wanted)
}

/** Returns the Node that called npm if the packages support it; else the one that the workspace installs. */
function supportedNode() {
  const own = process.env.npm_node_execpath ?? process.execPath
  const version = spawnSync(own, ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 15)) return own
  console.log(`set-up: Node ${version.trim()} is older than 22.15; using the Node of the workspace`)
  return join(root, 'node_modules/node/bin/node')
}

/** Runs a command and prints how long it took. Its output is printed only if it fails. */
function step(title, command, args) {
  const startMs = performance.now()
  process.stdout.write(`set-up: ${title} ... `)
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status === 0) {
    console.log(`${((performance.now() - startMs) / 1000).toFixed(1)} s`)
    return
  }
  console.log('failed')
  console.error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
  process.exit(status ?? 1)
}

/** Runs the file with our streams; passes signals on to it and exits with its exit code. */
function run(runtime, file, args) {
  const environment = { ...process.env, PATH: `${dirname(runtime)}${delimiter}${process.env.PATH}` }
  // Node runs TypeScript without a flag only from 22.18 on.
  const flags = file.endsWith('.ts') ? ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] : []
  const child = spawn(runtime, [...flags, join(root, file), ...args], { cwd: root, stdio: 'inherit', env: environment })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
  })
}
