import { parsePrometheusText } from './prometheus-text.ts'
import type { Sample } from './sample.ts'

/** Fetches `/metrics` as text. */
export async function scrapeText(url: string): Promise<string> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response.text()
}

/** Fetches `/metrics` and returns its samples without `target_info`, which describes the process. */
export async function scrape(url: string): Promise<Sample[]> {
  return parsePrometheusText(await scrapeText(url)).filter(({ name }) => name !== 'target_info')
}
