import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** A Markdown file of the repository. */
export interface MarkdownFile {
  /** The path below the root, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Folders that are not in the repository. Tests create and remove `run-…` folders meanwhile. */
const excluded = /(^|\/)(node_modules|dist|\.installed|\.git|coverage|run-[^/]+)$/

/** Returns every Markdown file of the repository, ordered by path. */
export function markdownFiles(): MarkdownFile[] {
  const paths = globSync('**/*.md', { cwd: root, exclude: (name) => excluded.test(name) })
  // The wildcard does not match folders that begin with a dot.
  const hidden = globSync('.github/**/*.md', { cwd: root })
  return [...paths, ...hidden].sort().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Returns the fenced code blocks of one language, without their indentation. */
export function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms'))].map(([, indent = '', code = '']) =>
    code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

/** Returns the text without code: a link or a heading in an example is none. */
export function withoutCode(text: string): string {
  return text.replaceAll(/^( *)```.*?^\1```$/gms, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()#]/g, ' '))
}

/** Returns the headings with their level and the anchor that GitHub gives them. */
export function headings(text: string): Array<{ readonly level: number; readonly title: string; readonly anchor: string }> {
  const seen = new Map<string, number>()
  const outside = text.replaceAll(/^( *)```.*?^\1```$/gms, '')
  return [...outside.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', title = '']) => {
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    return { level: marks.length, title, anchor: count === 0 ? slug : `${slug}-${count}` }
  })
}

/** Returns the targets of all links that are not addresses. */
export function relativeLinks(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}
