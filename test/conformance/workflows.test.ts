import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')
const folder = join(root, '.github/workflows')

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: unknown
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: unknown; readonly 'timeout-minutes'?: number; readonly steps: readonly Step[] }>
  >
}

const files = readdirSync(folder)
const workflows = files.map((name) => {
  const text = readFileSync(join(folder, name), 'utf8')
  return { name, text, workflow: parse(text) as Workflow }
})

/** The permissions of a job that are more than reading the source, each with its reason. */
const morePermissions: Readonly<Record<string, object>> = {
  // Provenance and trusted publishing sign with the identity of the job.
  'release.yml publish': { contents: 'read', 'id-token': 'write' },
}

test('the workflows check every change, review dependencies and publish releases', () => {
  expect(files.sort()).toEqual(['ci.yml', 'dependency-review.yml', 'release.yml'])
})

test.each(workflows)('$name may only read the source, except for what is listed', ({ name, workflow }) => {
  expect(workflow.permissions).toEqual({ contents: 'read' })
  for (const [job, { permissions }] of Object.entries(workflow.jobs)) {
    expect(permissions, job).toEqual(morePermissions[`${name} ${job}`])
  }
})

test.each(workflows)('no pull request from elsewhere gets the permissions or secrets of $name', ({ text, workflow }) => {
  expect(Object.keys(workflow.on)).not.toContain('pull_request_target')
  expect(Object.keys(workflow.on)).not.toContain('workflow_run')
  expect(text).not.toMatch(/secrets\./)
})

test.each(workflows)('$name uses actions by the hash of a commit, with their version beside it', ({ text }) => {
  const used = text.split('\n').filter((line) => /\buses:/.test(line))
  expect(used.length).toBeGreaterThan(0)
  for (const line of used) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})

test('an action has the same hash everywhere', () => {
  const hashes = new Map<string, Set<string>>()
  for (const { text } of workflows) {
    for (const [, action = '', hash = ''] of text.matchAll(/uses: ([\w/-]+)@([0-9a-f]+)/g)) {
      hashes.set(action, (hashes.get(action) ?? new Set()).add(hash))
    }
  }
  for (const [action, found] of hashes) expect(found.size, action).toBe(1)
})

test.each(workflows)('the jobs of $name end, and leave no credentials on the disk', ({ workflow }) => {
  for (const [job, { 'timeout-minutes': minutes, steps }] of Object.entries(workflow.jobs)) {
    expect(minutes, job).toBeLessThanOrEqual(60)
    for (const { uses, with: inputs } of steps) {
      if (uses?.startsWith('actions/checkout@') === true) expect(inputs).toMatchObject({ 'persist-credentials': false })
    }
  }
})

test.each(workflows)('what others write, such as the name of a branch, is no part of a command of $name', ({ workflow }) => {
  for (const { steps } of Object.values(workflow.jobs)) {
    for (const { run = '' } of steps) expect(run).not.toContain('${{')
  }
})

test('a release is published with provenance, by a job that runs nothing of the workspace', () => {
  const { jobs = {} } = workflows.find(({ name }) => name === 'release.yml')?.workflow ?? {}
  const publish = jobs['publish']?.steps ?? []
  expect(publish.some(({ run = '' }) => run.includes('npm publish') && run.includes('--provenance'))).toBe(true)
  expect(publish.some(({ uses = '' }) => uses.startsWith('actions/checkout@'))).toBe(false)
  const packed = (jobs['pack']?.steps ?? []).map(({ run = '' }) => run).join('\n')
  const names = readdirSync(join(root, 'packages')).sort()
  for (const text of [packed, publish.map(({ run = '' }) => run).join('\n')]) {
    expect(/for name in ([\w ]+);/.exec(text)?.[1]?.split(' ').sort()).toEqual(names)
  }
})

test('the package manager is pinned with its hash', () => {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string }
  expect(packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+\+sha512\.[0-9a-f]{128}$/)
})
