import { channel } from 'node:diagnostics_channel'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { LRUCache } from 'lru-cache'
import { compare } from '../compare.ts'
import type { Case, ComparisonResult, Effort } from '../comparison.ts'

/** The methods that are compared, and how to exchange them. */
interface Cache {
  get(key: string): number | undefined
  set(key: string, value: number): unknown
}

const [bare, again, instrumented, subscribed] = ['bare', 'bare again', 'instrumented', 'a subscriber on its channel'] as const

/** Compares a get of a Map and of an lru-cache: bare, instrumented, and with the subscriber that lru-cache offers instead. */
export async function* caches(effort: Effort): AsyncGenerator<ComparisonResult> {
  const keys = Array.from({ length: effort.quick ? 1024 : 16_384 }, (_, index) => `key-${index}`)
  yield await compareGets('Map', new Map<string, number>(), keys, effort)
  yield await compareGets('lru-cache', new LRUCache<string, number>({ max: keys.length }), keys, effort, {
    name: subscribed,
    ...subscription('lru-cache:metrics'),
  })
}

async function compareGets(
  kind: string,
  cache: Cache,
  keys: readonly string[],
  effort: Effort,
  extra?: Pick<Case, 'name' | 'before' | 'after'>,
): Promise<ComparisonResult> {
  for (const [index, key] of keys.entries()) cache.set(key, index + 1)
  let total = 0
  const pass = (): void => {
    for (const key of keys) total += cache.get(key) ?? 0
    if (!(total > 0)) throw new Error('the cache is empty')
  }
  const { measure, rest } = switchable(cache)
  return compare(
    {
      name: `get of a ${kind}`,
      per: 'get',
      unitsPerPass: keys.length,
      cases: [
        { name: bare, pass },
        { name: again, pass },
        { name: instrumented, before: measure, pass, after: rest },
        ...(extra === undefined ? [] : [{ ...extra, pass }]),
      ],
      ratios: [again, instrumented, ...(extra === undefined ? [] : [extra.name])].map((of) => ({ of, to: bare })),
    },
    effort,
  )
}

/** Instruments the cache once, and then exchanges its `get` by assignment; see `operations/switchable.ts` for the reason. */
function switchable(cache: Cache): { measure(): void; rest(): void } {
  const hidden = cache.get
  instrument(cache, { name: 'bench', registry: new MetricsRegistry() })
  const measured = cache.get
  cache.get = hidden
  return {
    measure() {
      cache.get = measured
    },
    rest() {
      cache.get = hidden
    },
  }
}

/** Subscribes to a channel in each pass. The subscriber only counts hits. */
function subscription(name: string): Required<Pick<Case, 'before' | 'after'>> {
  let hits = 0
  const onMessage = (message: unknown): void => {
    if ((message as { get?: string }).get === 'hit') hits++
  }
  return {
    before: () => channel(name).subscribe(onMessage),
    after() {
      channel(name).unsubscribe(onMessage)
      if (hits === 0) throw new Error(`nothing was published on ${name}`)
    },
  }
}
