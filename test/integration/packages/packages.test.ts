import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  compiler,
  installPackages,
  listSpecifiers,
  packPackages,
  registryProblem,
  runNode,
  writeProject,
} from './packed-packages.ts'

const problem = await registryProblem()
const title = 'the packages as npm installs them'

const compilerOptions = {
  target: 'es2023',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  resolveJsonModule: true,
  noEmit: true,
}

const isJson = (specifier: string): boolean => specifier.endsWith('.json')

describe.skipIf(problem !== undefined)(
  problem === undefined ? title : `${title} (left out: the npm registry does not answer; run it again with a network)`,
  () => {
    let folder: string
    let specifiers: readonly string[]

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wombat-packages-'))
      const packages = await packPackages(folder)
      await installPackages(folder, packages)
      specifiers = await listSpecifiers(folder, packages)
    }, 120_000)
    afterAll(() => rm(folder, { recursive: true, force: true }))

    test('every subpath is listed', () => {
      expect(specifiers).toEqual(
        expect.arrayContaining([
          '@wombat/instrumentation/auto',
          '@wombat/instrumentation/testing',
          '@wombat/monitor/register',
          '@wombat/dashboards/dashboards/overview.json',
        ]),
      )
    })

    test('an ES module can import every subpath', async () => {
      const lines = specifiers.map((specifier) => {
        const attributes = isJson(specifier) ? ", { with: { type: 'json' } }" : ''
        return `console.log(${JSON.stringify(specifier)}, Object.keys(await import('${specifier}'${attributes})).length > 0)`
      })
      await writeProject(join(folder, 'esm'), { 'package.json': { type: 'module' }, 'main.js': lines.join('\n') })
      const output = await runNode(join(folder, 'esm'), 'main.js')
      // The register subpath exports nothing: it starts the monitoring.
      const expected = specifiers.map((specifier) => `${specifier} ${specifier !== '@wombat/monitor/register'}`)
      expect(output.trimEnd().split('\n')).toEqual(expected)
    })

    test('a CommonJS module can require every subpath', async () => {
      const lines = specifiers.map((specifier) => `console.log(${JSON.stringify(specifier)}, typeof require('${specifier}'))`)
      await writeProject(join(folder, 'cjs'), { 'package.json': { type: 'commonjs' }, 'main.js': lines.join('\n') })
      const output = await runNode(join(folder, 'cjs'), '--disable-warning=ExperimentalWarning', 'main.js')
      expect(output.trimEnd().split('\n')).toEqual(specifiers.map((specifier) => `${specifier} object`))
    })

    test.each([
      { name: 'nodenext', options: { module: 'nodenext' } },
      { name: 'bundler', options: { module: 'esnext', moduleResolution: 'bundler' } },
    ])('TypeScript checks every subpath and all declarations behind it with $name', async ({ name, options }) => {
      const imports = specifiers.map((specifier, index) => {
        if (!isJson(specifier)) return `import * as module${index} from '${specifier}'`
        return `import module${index} from '${specifier}' with { type: 'json' }`
      })
      await writeProject(join(folder, name), {
        'package.json': { type: 'module' },
        'tsconfig.json': { compilerOptions: { ...compilerOptions, ...options }, files: ['main.ts'] },
        'main.ts': [...imports, `console.log(${specifiers.map((_, index) => `module${index}`).join(', ')})`].join('\n'),
      })
      await expect(runNode(join(folder, name), compiler, '--project', '.')).resolves.toBe('')
    })
  },
)
