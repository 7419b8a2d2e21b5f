import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { defaultRules } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { headings, markdownFiles, relativeLinks, root } from './markdown.ts'

const files = markdownFiles()

/** Describes what is wrong with a link, or returns undefined. */
function linkProblem(from: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(root, from) : join(root, dirname(from), path)
  if (!existsSync(file)) return `${target}: ${relative(root, file)} does not exist`
  if (anchor === undefined) return undefined
  if (!file.endsWith('.md')) return `${target}: only Markdown files have anchors`
  const anchors = headings(readFileSync(file, 'utf8')).map((heading) => heading.anchor)
  return anchors.includes(anchor) ? undefined : `${target}: ${relative(root, file)} has no section #${anchor}`
}

test('there are Markdown files with relative links', () => {
  expect(files.flatMap(({ text }) => relativeLinks(text)).length).toBeGreaterThan(50)
})

test.each(files.map(({ path, text }) => [path, text] as const))('every relative link of %s leads somewhere', (path, text) => {
  expect(relativeLinks(text).flatMap((target) => linkProblem(path, target) ?? [])).toEqual([])
})

const withContents = files.filter(({ text }) => /^- \[[^\]]+\]\(#/m.test(text.split(/^## /m)[0] ?? ''))

test('the reference documents have a table of contents', () => {
  const paths = withContents.map(({ path }) => path)
  for (const path of files.map((file) => file.path).filter((one) => /^packages\/[^/]+\/(README|docs\/[^/]+)\.md$/.test(one))) {
    expect(paths).toContain(path)
  }
})

test.each(withContents.map(({ path, text }) => [path, text] as const))(
  'the table of contents of %s is complete',
  (_path, text) => {
    const contents = text.split(/^## /m)[0] ?? ''
    const listed = [...contents.matchAll(/^- \[[^\]]+\]\(#([^)]+)\)/gm)].map(([, anchor]) => anchor)
    expect(listed).toEqual(headings(text).flatMap(({ level, anchor }) => (level === 2 ? [anchor] : [])))
  },
)

test('every default alert links to its section of the runbook', () => {
  const anchors = headings(readFileSync(join(root, 'packages/monitor/RUNBOOK.md'), 'utf8')).map(({ anchor }) => anchor)
  for (const { name, runbookUrl } of defaultRules) {
    expect(anchors, name).toContain(runbookUrl?.split('#')[1])
  }
})

test('every script that the documentation names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  const named = files.flatMap(({ text }) => [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name))
  expect(named).toContain('generate')
  expect([...new Set(named)].filter((name) => scripts[name] === undefined)).toEqual([])
})

test('every path of the repository that a guide names exists', () => {
  const guides = files.filter(({ path }) => ['CONTRIBUTING.md', 'README.md', 'examples/README.md'].includes(path))
  const named = guides.flatMap(({ text }) =>
    [...text.matchAll(/`((?:packages|test|examples)\/[\w./-]+)`/g)].map(([, path = '']) => path),
  )
  // NAME stands for what the reader adds; the output of `npm run docs` is not committed.
  const checked = named.filter((path) => !path.includes('NAME') && !path.endsWith('/dist'))
  expect(checked.length).toBeGreaterThan(20)
  expect(checked.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
