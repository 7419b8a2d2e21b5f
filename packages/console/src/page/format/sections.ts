/**
 * Returns the text below a heading of a Markdown document, up to the next heading of the same or a higher level; undefined if there is no
 * such heading. Case, backticks and punctuation of the heading do not matter.
 */
export function findSection(markdown: string, heading: string): string | undefined {
  const wanted = simplify(heading)
  const lines = markdown.split('\n')
  let isCode = false
  let start: number | undefined
  let depth = 0
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('```')) isCode = !isCode
    const [, marks, title] = isCode ? [] : (/^(#{1,6})\s+(.*)$/.exec(line) ?? [])
    if (marks === undefined || title === undefined) continue
    if (start !== undefined && marks.length <= depth) return lines.slice(start, index).join('\n').trim()
    if (start !== undefined || simplify(title) !== wanted) continue
    start = index + 1
    depth = marks.length
  }
  return start === undefined ? undefined : lines.slice(start).join('\n').trim()
}

function simplify(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, ' ')
    .trim()
}
