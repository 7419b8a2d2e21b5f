import { expect, test } from 'vitest'
import { formatCurl, quoteForShell } from './curl-command.ts'

const address = new URL("http://127.0.0.1:8080/monitoring/api/v1/query_range?metric=a_total&label.store=it's%20a%26b")

test('the command has the whole address as one word of the shell', () => {
  expect(formatCurl(address, { needsToken: false })).toBe(
    "curl 'http://127.0.0.1:8080/monitoring/api/v1/query_range?metric=a_total&label.store=it%27s%20a%26b'",
  )
})

test('the token is a variable of the shell', () => {
  expect(formatCurl(address, { needsToken: true })).toMatch(/^curl -H "authorization: Bearer \$TOKEN" 'http:/)
})

test.each([
  ["it's", String.raw`'it'\''s'`],
  ['$(exit) `exit` $HOME "x" \\', `'$(exit) \`exit\` $HOME "x" \\'`],
  ['', "''"],
])('%j has no meaning for the shell', (text, quoted) => {
  expect(quoteForShell(text)).toBe(quoted)
})
