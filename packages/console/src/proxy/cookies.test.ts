import { expect, test } from 'vitest'
import { cookieForBrowser, cookiesForTarget } from './cookies.ts'

test('a cookie of the process is kept under the port of the console, for all of its paths, and without TLS', () => {
  const cookie = 'wombat_session=a=b; Path=/x; Domain=example.org; HttpOnly; Secure; SameSite=Strict; Max-Age=60'
  expect(cookieForBrowser(cookie, 'localhost:40123')).toBe(
    'wombat_session_40123=a=b; Path=/; HttpOnly; SameSite=Strict; Max-Age=60',
  )
})

test('the process gets its own cookies only', () => {
  const cookies = 'sid=secret; wombat_session_40123=a=b; wombat_session_40124=c'
  expect(cookiesForTarget(cookies, '127.0.0.1:40123')).toBe('wombat_session=a=b')
  expect(cookiesForTarget('sid=secret', '127.0.0.1:40123')).toBeUndefined()
  expect(cookiesForTarget('', '127.0.0.1:40123')).toBeUndefined()
})
