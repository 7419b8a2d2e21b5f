import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Monitoring, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './markdown.ts'

const [admin, reader] = ['admin-token-of-16-or-more', 'reader-token-of-16-or-more']
let monitoring: Monitoring
beforeAll(async () => {
  monitoring = await startMonitoring({
    logger: collectingLogger(),
    prometheusEnabled: true,
    prometheusPort: 0,
    jsonApiPort: 0,
    authToken: admin,
    readOnlyToken: reader,
  })
})
afterAll(() => monitoring.close())

/** The rows of the table, as the documentation has them. */
const rows = [
  ...readFileSync(join(root, 'packages/monitor/docs/http-api.md'), 'utf8').matchAll(
    /^\| `(GET|POST|DELETE) (\/\S*)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm,
  ),
].map(([, method = '', path = '', ...answers]) => ({ method, path, answers: answers.map((answer) => answer.trim()) }))

/** Sends a request with a token or without one. */
async function ask(method: string, path: string, token: string | undefined) {
  const { prometheus = '', json = '' } = monitoring.addresses
  const url = `${path === '/metrics' ? prometheus : json}${path.replace('…', 'nothing')}`
  // A stream has no end; a session is not to be started, and only what is shown matters.
  const parameters = path.endsWith('/stream') ? '?nothing=1' : ''
  const { status, body } = await httpRequest(`${url}${parameters}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(method !== 'GET' && { 'content-type': 'application/json' }),
    },
    ...(method === 'POST' && { body: '{}' }),
  })
  return { status, text: body.toString() }
}

test('the table has the endpoints that change something', () => {
  expect(rows.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /api/v1/session',
    'DELETE /api/v1/session',
    'POST /api/v1/silences',
    'DELETE /api/v1/silences/…',
    'POST /api/v1/settings',
    'POST /api/v1/health/run',
  ])
})

test.each(rows)('$method $path: $answers', async ({ method, path, answers }) => {
  for (const [index, token] of [undefined, reader, admin].entries()) {
    const { status, text } = await ask(method, path, token)
    const documented = answers[index]
    if (documented === '401' || documented === '403') expect(status).toBe(Number(documented))
    else expect([401, 403]).not.toContain(status)
    if (documented === 'only a status') {
      expect(text).toMatch(/^(\{"status":"\w+"\}|ok|failed|\{"error":"\/\S+ does not exist: unknown health check"\})$/)
    }
  }
})
