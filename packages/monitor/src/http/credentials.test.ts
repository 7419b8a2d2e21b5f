import { expect, test } from 'vitest'
import { parseTokens, parseUsers } from './credentials.ts'

const [one, other] = ['first-token-of-16-or-more', 'second-token-of-16-or-more']
const hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG'

test('a line with tokens has a token, a scope and a name; the token alone is one of an admin', () => {
  expect(parseTokens(`\uFEFF# tokens\r\n${one}\r\n\r\n  read-only ${other}\tgrafana  \n`)).toEqual([
    { token: one, scope: 'admin', name: 'authTokenFile line 2' },
    { token: other, scope: 'read-only', name: 'grafana' },
  ])
})

test.each([
  ['', 'there is no token in it'],
  ['# nothing\n\n', 'there is no token in it'],
  ['short', 'line 1: the token must have at least 16 characters'],
  [`${one}\nadmin spaces-are-not-allowed!`, 'line 2: the token must have at least 16 characters'],
  [`reader ${one}`, 'line 1: the first of two or three words must be the scope: admin or read-only'],
  [`admin ${one} grafana team`, 'line 1: there are 4 words'],
  [`admin ${one} grafana/1`, 'line 1: the name must have 1 to 64 characters'],
  [`admin ${one}\n\nread-only ${one}`, 'line 3: the token is that of line 1'],
  [Array.from({ length: 101 }, (_, index) => `${one}${index}`).join('\n'), 'it has 101 tokens, and at most 100 are allowed'],
])('a file of tokens that is not valid is an error without any of its content (%#)', (text, message) => {
  expect(() => parseTokens(text)).toThrow(message)
  expect(() => parseTokens(text)).not.toThrow(/first-token|short|reader|spaces-are/)
})

test('users are read-only, except those in admin_users', async () => {
  expect(await parseUsers(`basic_auth_users:\n  alice: ${hash}\n  bob: "${hash}"\nadmin_users: [bob]\n`)).toEqual([
    { name: 'alice', hash, scope: 'read-only' },
    { name: 'bob', hash, scope: 'admin' },
  ])
})

test.each([
  ['', 'it must have basic_auth_users'],
  ['- alice', 'it must have basic_auth_users'],
  ['basic_auth_users: {}', 'basic_auth_users must have the bcrypt hash of the password of at least one user'],
  ['basic_auth_users: {alice: s3cret-word}', 'basic_auth_users.alice must be a bcrypt hash'],
  ['basic_auth_users: {alice: 12345}', 'basic_auth_users.alice must be a bcrypt hash'],
  [`basic_auth_users: {alice: ${hash.replace('$10$', '$20$')}}`, 'must be from 4 to 15, got 20'],
  [`basic_auth_users: {"a b": ${hash}}`, 'the name of user 1 must have'],
  [`basic_auth_users: {alice: ${hash}}\nadmin_users: [s3cret-word]`, 'entry 1 of admin_users is not a user'],
  [`basic_auth_users: {alice: ${hash}}\nadmin_users: alice`, 'admin_users must be a list of names'],
  [`basic_auth_users: {alice: ${hash}}\ntls_server_config: {}`, '"tls_server_config" is not a field of it'],
  ['basic_auth_users: {alice: s3cret-word', 'it is not YAML: line 1'],
  [`a: &a [s3cret-word]\nb: [*a,*a]\nbasic_auth_users: {}`, 'it is not YAML'],
])('a file of users that is not valid is an error without any of its content (%#)', async (text, message) => {
  await expect(parseUsers(text)).rejects.toThrow(message)
  await expect(parseUsers(text)).rejects.not.toThrow(/s3cret|12345|\$2y/)
})
