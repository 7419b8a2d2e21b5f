import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Packages of the workspace are tested from their sources: the `source` condition of their exports.
const conditions = ['source', 'module', 'node', 'development|production']

/** Tests beside the code: no real backends, no long-running child processes. */
const unit = ['packages/*/src/**/*.test.ts']
/** Tests of several parts together, with real stores, processes and backends. */
const integration = ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts']
/** What `npm run panels` prints. It is no test, but it uses what the tests start and stop. */
const panels = process.env['WOMBAT_PANELS_ENGINES'] === undefined ? [] : ['test/backends/panels/print.ts']

const projects = Object.entries({ unit, integration, panels }).filter(([, include]) => include.length > 0)

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: 'test/scripts/bundle.mjs',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The default of 1 s is too short for what a child process does on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // Processes, disks and threads of a busy machine: in CI a test gets a second attempt, and `npm test` names it.
    retry: process.env['CI'] === undefined ? 0 : 1,
    // The tests against real backends wait for most of their time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: projects.map(([name, include]) => ({ extends: true, test: { name, include } })),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'html', 'lcov'],
    },
  },
})
