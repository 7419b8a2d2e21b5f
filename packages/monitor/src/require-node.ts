// Imported first by every entry of the package. It imports nothing, and no module of the package imports by name what an older Node
// does not have: that would be a SyntaxError before any code runs.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 15)) {
  throw new Error(`@wombat/monitor needs Node 22.15 or later, this is Node ${process.versions.node}`)
}

export {}
