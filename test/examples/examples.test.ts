import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { examples } from './running-example.ts'

const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory())

test('the list of examples has one line for each example', () => {
  const listed = readFileSync(join(examples, 'README.md'), 'utf8').matchAll(/^- \[([\w-]+)\]\((?:\1|\1\/README\.md)\): .+\.$/gm)
  expect([...listed].map(([, name]) => name).sort()).toEqual(folders.map(({ name }) => name).sort())
})

test('every link in the README of an example has a target', () => {
  const readmes = folders.flatMap(({ name }) =>
    readdirSync(join(examples, name)).includes('README.md') ? [`${name}/README.md`] : [],
  )
  const links = ['README.md', ...readmes].flatMap((readme) => {
    const text = readFileSync(join(examples, readme), 'utf8')
    return [...text.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, to = '']) => join(examples, readme, '..', to))
  })
  expect(links.length).toBeGreaterThan(10)
  expect(links.filter((path) => !existsSync(path))).toEqual([])
})
