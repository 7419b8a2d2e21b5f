import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './markdown.ts'

const readme = readFileSync(join(root, 'packages/dashboards/README.md'), 'utf8')
const bin = join(root, 'packages/dashboards/dist/cli/bin.js')

/** Returns the options in a text, each with its placeholder, in order. */
function parseOptions(text: string): string[] {
  return [...text.matchAll(/^(?: {2}|\| `)(--[a-z-]+(?: <[^>]+>)?)/gm)].map(([, option = '']) => option)
}

test.each(['write', 'doctor'])('the README lists the options of `%s` as its help does', (command) => {
  const section = readme.split(/^### /m).find((part) => part.startsWith(`${command}\n`)) ?? ''
  const [help = ''] = execFileSync(process.execPath, [bin, command, '--help'], { encoding: 'utf8' }).split('Global options')
  expect(parseOptions(section)).toEqual(parseOptions(help))
  expect(parseOptions(help)).not.toEqual([])
})
