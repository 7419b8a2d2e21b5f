import { compare } from '../compare.ts'
import type { ComparisonResult, Effort } from '../comparison.ts'
import { logUniform, randomNumbers } from '../random.ts'
import { ourStores } from './ours.ts'
import { promClientStores } from './prom-client.ts'

/** Compares the time to collect all operations of some stores and to write them as Prometheus text. */
export async function* collect(effort: Effort): AsyncGenerator<ComparisonResult> {
  const durations = logUniform(1000, 1e-7, 20, randomNumbers(2))
  for (const storeCount of [1, 10, 100]) {
    const stores = Array.from({ length: storeCount }, (_, index) => `store-${index}`)
    const [ours, theirs] = [ourStores(stores, durations), promClientStores(stores, durations)]
    const samples = countSamples(await theirs.text())
    if (countSamples(await ours.text()) < samples) throw new Error('not the same work: prom-client writes samples that we do not')
    const repeat = effort.quick ? 1 : 100 / storeCount
    yield await compare(
      {
        name: `${storeCount} ${storeCount === 1 ? 'store' : 'stores'}, ${samples} samples`,
        per: 'collection',
        unitsPerPass: repeat,
        cases: [
          { name: 'ours, snapshot', pass: () => repeated(repeat, ours.snapshot) },
          { name: 'ours, snapshot and text', pass: () => repeated(repeat, ours.text) },
          { name: 'prom-client, text', pass: () => repeated(repeat, theirs.text) },
        ],
        ratios: [
          { of: 'ours, snapshot and text', to: 'prom-client, text' },
          { of: 'ours, snapshot', to: 'prom-client, text' },
        ],
      },
      effort,
    )
  }
}

async function repeated(count: number, collection: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done++) await collection()
}

function countSamples(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
}
