/** The flags of Node's permission model, by what it refuses. */
const flags: Readonly<Record<string, string>> = {
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
  WorkerThreads: '--allow-worker',
  ChildProcess: '--allow-child-process',
  Net: '--allow-net',
}

/** Returns what Node's permission model refused, with the flag that would allow it; undefined if the error has another cause. */
export function permissionProblem(error: unknown): string | undefined {
  const code = readProperty(error, 'code')
  const permission = readProperty(error, 'permission')
  // A native function has only the code, as the lookup of a name.
  if (code !== 'ERR_ACCESS_DENIED') return undefined
  const flag = typeof permission === 'string' && Object.hasOwn(flags, permission) ? flags[permission] : undefined
  return flag === undefined ? "Node's permission model refuses it" : describe(flag)
}

/** Returns why no port can be opened; undefined if Node's permission model allows it. Node would throw where nothing can catch it. */
export function networkProblem(): string | undefined {
  // Older models do not know it, and refuse nothing.
  const isKnown = process.allowedNodeEnvironmentFlags.has('--allow-net')
  return isKnown && process.permission?.has('net') === false ? describe('--allow-net') : undefined
}

/** Returns why no thread can be started; undefined if Node's permission model allows it. */
export function threadProblem(): string | undefined {
  return process.permission?.has('worker') === false ? describe('--allow-worker') : undefined
}

/** Whatever was thrown may throw when it is read. */
function readProperty(error: unknown, name: string): unknown {
  try {
    return error instanceof Error ? Reflect.get(error, name) : undefined
  } catch {
    return undefined
  }
}

function describe(flag: string): string {
  return `Node's permission model refuses it: start Node with ${flag}`
}
