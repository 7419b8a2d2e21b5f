import { vi } from 'vitest'

// The same tests against lmdb 2. It needs its own process: all versions share the list of open environments.
vi.mock('lmdb', () => import('lmdb2'))
await import('./suite.test.ts')
await import('./lmdb.test.ts')
await import('./reads.test.ts')
await import('./databases.test.ts')
await import('./probe.test.ts')
await import('../../engines/lmdb.test.ts')
