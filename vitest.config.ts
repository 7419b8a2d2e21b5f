import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Packages of the workspace are tested from their sources: the `source` condition of their exports.
const conditions = ['source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: {
    conditions,
    alias: { '@wombat/test-support': fileURLToPath(new URL('test/support', import.meta.url)) },
  },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The tests against real backends wait for most of their time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
