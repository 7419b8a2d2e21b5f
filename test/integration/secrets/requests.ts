import { httpRequest } from '@wombat/test-support/http-request'
import type { TestSecrets } from './secrets.ts'

export interface RequestOptions {
  readonly urls: readonly string[]
  readonly token: string
  readonly control: string
}

const paths = (control: string): readonly string[] => [
  '/metrics',
  '/api/v1/metrics',
  '/api/v1/alerts',
  '/api/v1/query?metric=db_set_operations_total',
  `/api/v1/query_range?metric=db_set_operations_total&step=1s&start=${Date.now() - 30_000}`,
  `/api/v1/query?metric=${control}&function=none`,
  '/api/v1/stores',
  '/api/v1/catalog/db_set_latency_seconds',
  `/api/v1/catalog/${control}`,
  `/api/v1/heatmap?metric=${control}&start=-1m&step=10s`,
  '/api/v1/errors',
  `/api/v1/errors?limit=${control}`,
  '/api/v1/slow-operations',
  `/api/v1/slow-operations?${control}=1`,
  '/health',
  '/health?format=json',
  `/health?format=${control}`,
  `/health/${control}`,
  '/health/database_connectivity',
  '/health/disk_space',
  '/livez',
  '/livez?verbose',
  '/readyz',
  '/readyz?verbose',
  '/',
  `/${control}`,
]

/** Requests known and unknown paths of every server: with the token, without it and with a wrong one. Returns the responses by request. */
export async function requestAllPaths({ urls, token, control }: RequestOptions): Promise<Map<string, readonly Buffer[]>> {
  const tokens = { 'with the token': token, 'with a wrong token': `${control}${control}`, 'without a token': undefined }
  const responses = new Map<string, readonly Buffer[]>()
  for (const [how, shown] of Object.entries(tokens)) {
    const headers: Record<string, string> = shown === undefined ? {} : { authorization: `Bearer ${shown}` }
    for (const path of paths(control)) {
      const requests = urls.flatMap((url) => [
        httpRequest(`${url}${path}`, { headers }),
        httpRequest(`${url}${path}`, { headers: { ...headers, accept: 'application/json' }, method: 'POST' }),
      ])
      const found = (await Promise.all(requests)).map(({ status, headers, body }) =>
        Buffer.concat([Buffer.from(`${status} ${JSON.stringify(headers)}\n`), body]),
      )
      responses.set(`GET ${path.replaceAll(control, 'CONTROL')} ${how}`, found)
    }
  }
  return responses
}

/** Signs in with each credential, right and wrong, and changes something with each. Returns the responses. */
export async function signInAndChange(url: string, secrets: TestSecrets, control: string): Promise<readonly Buffer[]> {
  const { authToken, readOnlyToken, fileToken, password } = secrets
  const json = { 'content-type': 'application/json' }
  const basic = (word: string) => `Basic ${Buffer.from(`${control}:${word}`).toString('base64')}`
  const logins = [authToken, readOnlyToken, fileToken, `${fileToken}x`].map((token): object => ({ token }))
  const bodies = [...logins, { user: control, password }, { user: control, password: `${password}x` }]
  const shown = [
    ...[authToken, readOnlyToken, fileToken].map((token) => `Bearer ${token}`),
    basic(password),
    basic(`${password}x`),
  ]
  const change = { method: 'POST', body: JSON.stringify({ slowQueryThresholdMs: 1 }) }
  const answers = await Promise.all([
    ...bodies.map((body) => {
      return httpRequest(`${url}/api/v1/session`, { method: 'POST', headers: json, body: JSON.stringify(body) })
    }),
    ...shown.map((authorization) => httpRequest(`${url}/api/v1/settings`, { ...change, headers: { ...json, authorization } })),
    httpRequest(`${url}/api/v1/events?kind=audit`, { headers: { authorization: `Bearer ${authToken}` } }),
  ])
  return answers.map(({ status, headers, body }) => Buffer.concat([Buffer.from(`${status} ${JSON.stringify(headers)}\n`), body]))
}
