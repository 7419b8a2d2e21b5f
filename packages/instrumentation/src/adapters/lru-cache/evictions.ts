import type { Counter } from '../../metrics/counter.ts'
import type { LruCache } from './shape.ts'

/**
 * Counts the entries that a cache removed on its own: over its limits, or expired. The cache reports neither to code that did not
 * create it: `dispose` is an option of its constructor, and its diagnostics channel publishes no evictions. So it compares the
 * cache's size with the size that the users' calls leave. What a call adds or removes is known when it returns; the cache's own
 * timers need no attention.
 *
 * An entry that disappears because it was not fetched is no eviction. Nothing here throws: a cache whose size cannot be read is
 * compared anew from the next reading on.
 */
export class Evictions {
  readonly #cache: LruCache
  readonly #counter: Counter
  /** The cache's own method, not the measured one. */
  readonly #info: LruCache['info']
  /** The size that the calls so far leave; undefined if it is unknown. */
  #expected: number | undefined

  /** Created before the methods of the cache are wrapped. */
  constructor(cache: LruCache, counter: Counter) {
    this.#cache = cache
    this.#counter = counter
    this.#info = cache.info
    this.restart()
  }

  /** Returns whether the key is in the cache, also if it is stale or still fetched; undefined if that is unknown. */
  contains(key: unknown): boolean | undefined {
    try {
      // It is 0 also for an entry that expires in this very moment.
      return this.#cache.getRemainingTTL(key) !== 0 || this.#info.call(this.#cache, key) !== undefined
    } catch {
      return undefined
    }
  }

  /**
   * Returns whether the key is in the cache after a look-up of it with these options, which removes a stale entry; undefined if
   * that is unknown.
   */
  containsAfterGet(key: unknown, options: unknown): boolean | undefined {
    try {
      const isKept = (options as Partial<LruCache> | undefined)?.noDeleteOnStaleGet ?? this.#cache.noDeleteOnStaleGet
      return this.#cache.getRemainingTTL(key) >= 0 || isKept ? this.contains(key) : false
    } catch {
      return undefined
    }
  }

  /** Records that a call added the key if it was not there before, and is now. */
  recordWrite(wasThere: boolean | undefined, isThere: boolean | undefined): void {
    if (wasThere === undefined || isThere === undefined) this.#expected = undefined
    else if (this.#expected !== undefined) this.#expected += Number(isThere) - Number(wasThere)
  }

  /** Records that a call, or a failed fetch, removed one entry. */
  recordRemoval(): void {
    if (this.#expected !== undefined) this.#expected--
  }

  /** Counts the entries that the cache has removed since the last time. */
  count(): void {
    const size = this.#size()
    if (size !== undefined && this.#expected !== undefined && this.#expected > size) this.#counter.add(this.#expected - size)
    this.#expected = size
  }

  /** Compares from now on: what happened since the last `count` was not an eviction, or cannot be told from one. */
  restart(): void {
    this.#expected = this.#size()
  }

  #size(): number | undefined {
    try {
      const { size } = this.#cache
      return Number.isFinite(size) ? size : undefined
    } catch {
      return undefined
    }
  }
}
