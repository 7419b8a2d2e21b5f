import type { Sample } from './sample.ts'

interface QueryResponse {
  readonly data: {
    readonly result: ReadonlyArray<{ metric: Record<string, string>; value: [timeSeconds: number, value: string] }>
  }
}

/**
 * Runs an instant query on a backend with the Prometheus HTTP API.
 *
 * @throws Error with the response of the backend if the query fails.
 */
export async function query(baseUrl: string, promql: string): Promise<Sample[]> {
  // Without `nocache`, VictoriaMetrics answers from its cache.
  const response = await fetch(`${baseUrl}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: promql, nocache: '1' }),
  })
  if (!response.ok) throw new Error(`${promql}: ${response.status} ${await response.text()}`)
  const { data } = (await response.json()) as QueryResponse
  return data.result.map(({ metric: { __name__: name = '', ...labels }, value: [, value] }) => {
    return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
  })
}
