import { ask as askOnce } from '@wombat/test-support/http-request'

export interface Questions {
  readonly doors: readonly string[]
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

/** Everything there is and some things there are not, at every door, with the token, without it and with a wrong one. */
export async function ask({ doors, token, control }: Questions): Promise<Map<string, readonly Buffer[]>> {
  const tokens = { 'with the token': token, 'with a wrong token': `${control}${control}`, 'without a token': undefined }
  const answers = new Map<string, readonly Buffer[]>()
  for (const [how, shown] of Object.entries(tokens)) {
    const headers: Record<string, string> = shown === undefined ? {} : { authorization: `Bearer ${shown}` }
    for (const path of paths(control)) {
      const asked = doors.flatMap((door) => [
        askOnce(`${door}${path}`, { headers }),
        askOnce(`${door}${path}`, { headers: { ...headers, accept: 'application/json' }, method: 'POST' }),
      ])
      const found = (await Promise.all(asked)).map(({ status, headers, body }) =>
        Buffer.concat([Buffer.from(`${status} ${JSON.stringify(headers)}\n`), body]),
      )
      answers.set(`GET ${path.replaceAll(control, 'CONTROL')} ${how}`, found)
    }
  }
  return answers
}
