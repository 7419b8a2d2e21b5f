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

test.each([
  ['A process somewhere else', []],
  ['In the terminal', ['top']],
])('the README of the console lists the options in "%s" as the help does', (title, words) => {
  const text = readFileSync(join(root, 'packages/console/README.md'), 'utf8')
  const program = join(root, 'packages/console/dist/bundle/cli.js')
  const help = execFileSync(process.execPath, [program, ...words, '--help'], { encoding: 'utf8' })
  // The help without a command has all commands.
  const [own = ''] = help.split(words.length === 0 ? '\nwombat-console top' : '\nGlobal options')
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
  const listOptions = (part: string) => [...part.matchAll(/^(?: {2}|\| `)(--[a-z-]+(?: [A-Z]+)?)/gm)].map(([, option]) => option)
  expect(listOptions(own)).not.toEqual([])
  expect(listOptions(section)).toEqual(listOptions(own))
})
