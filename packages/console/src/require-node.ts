// Imported first by the program. It imports nothing, and no module of the package imports by name what an older Node does not have: that
// would be a SyntaxError before any code runs.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`wombat-console: @wombat/console needs Node 22.15 or later, this is Node ${process.versions.node}\n`)
  process.exit(1)
}

export {}
