import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './markdown.ts'

const manifest = (folder: string): Record<string, unknown> => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
const license = (folder: string): string => readFileSync(join(root, folder, 'LICENSE'), 'utf8')

test.each(readdirSync(join(root, 'packages')))('%s is published with the license and complete metadata', (name) => {
  const folder = join('packages', name)
  expect(license(folder)).toBe(license('.'))
  expect(manifest(folder)).toMatchObject({
    description: expect.any(String),
    keywords: expect.any(Array),
    homepage: expect.stringContaining(`/packages/${name}`),
    bugs: manifest('.')['bugs'],
    repository: { ...(manifest('.')['repository'] as object), directory: `packages/${name}` },
    author: manifest('.')['author'],
    license: 'Apache-2.0',
    engines: { node: expect.any(String) },
  })
})

const folders = globSync('**/package.json', {
  cwd: root,
  exclude: (name) => /(^|\/)(node_modules|dist|\.installed|run-[^/]+)$/.test(name),
})
  .map((path) => dirname(path))
  .filter((folder) => !/(^|\/)run-/.test(folder))

test('the manifests of the whole workspace are found', () => {
  expect(folders).toEqual(expect.arrayContaining(['.', 'packages/monitor', 'examples/service', 'test', 'test/support']))
})

test.each(folders)('the manifest of %s has a license and the supported versions of Node', (folder) => {
  expect(manifest(folder)).toMatchObject({ license: 'Apache-2.0', engines: { node: expect.stringMatching(/^>=/) } })
})
