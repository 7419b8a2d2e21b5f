import type { Sample } from './sample.ts'

interface QueryResponse {
  readonly data: {
    readonly result: ReadonlyArray<{ metric: Record<string, string>; value: [timeSeconds: number, value: string] }>
  }
}

/**
 * What a backend that speaks Prometheus' HTTP API holds now.
 *
 * @throws Error with the backend's complaint.
 */
export async function query(baseUrl: string, promql: string): Promise<Sample[]> {
  // VictoriaMetrics would answer from what it remembers of an earlier question.
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
