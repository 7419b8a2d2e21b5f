import { createRequire } from 'node:module'
import { vi } from 'vitest'

// The same tests against lmdb's other build. It needs its own process: a process uses only the build that it loaded first.
vi.mock('lmdb', () => createRequire(import.meta.url)('lmdb'))
await import('./suite.test.ts')
await import('./lmdb.test.ts')
await import('./reads.test.ts')
await import('./databases.test.ts')
await import('./probe.test.ts')
await import('../../engines/lmdb.test.ts')
