import { createRequire } from 'node:module'
import { vi } from 'vitest'

// The same suite against lmdb's other build. It needs its own process: a process uses only the build that it loaded first.
vi.mock('lmdb', () => createRequire(import.meta.url)('lmdb'))
await import('./suite.test.ts')
