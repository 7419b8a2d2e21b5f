import { vi } from 'vitest'

// The same tests against lmdb 2. It needs its own process: all versions share the list of open environments.
vi.mock('lmdb', () => import('lmdb2'))
await import('./free-pages.test.ts')
