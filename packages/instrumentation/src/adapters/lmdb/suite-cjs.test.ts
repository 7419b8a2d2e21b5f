import { createRequire } from 'node:module'
import { vi } from 'vitest'

// The same suite against lmdb's other build, in a process of its own: one that has loaded both builds uses only the first.
vi.mock('lmdb', () => createRequire(import.meta.url)('lmdb'))
await import('./suite.test.ts')
