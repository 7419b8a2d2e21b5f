import type { MetricName, Operation } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'
import type { StoreBinding } from '../registry/store-binding.ts'

/**
 * How one kind of store is measured. `instrument(store, { adapter })` uses an adapter of your own; the built-in adapters
 * are chosen by the store's shape. The suite in `@wombat/instrumentation/testing` checks an adapter.
 *
 * The framework creates the series, exports the store's gauges while it is open, and removes them when it is closed,
 * uninstrumented or garbage collected. The adapter only wraps methods and reports the state.
 *
 * Opening and closing are not operations: `StoreBinding.state` reports them. `StoreBinding.probe` lets health checks read and
 * write a key, and `StoreBinding.collect` records what must be awaited. Count an event of the engine with
 * `context.registry.counter(name, { store: context.name })`, obtained in `instrument` so that it starts at 0.
 *
 * @example A store with a size, an open flag and three methods
 * ```ts
 * import { instrument, type StoreAdapter, wrapMethods } from '@wombat/instrumentation'
 *
 * class Shelf {
 *   readonly #books = new Map<string, string>()
 *   isOpen = true
 *   get size() {
 *     return this.#books.size
 *   }
 *   async get(title: string) {
 *     return this.#books.get(title)
 *   }
 *   async put(title: string, text: string) {
 *     this.#books.set(title, text)
 *   }
 *   async remove(title: string) {
 *     return this.#books.delete(title)
 *   }
 *   async close() {
 *     this.isOpen = false
 *   }
 * }
 *
 * const shelfAdapter: StoreAdapter<Shelf> = {
 *   name: 'shelf',
 *   operations: ['get', 'set', 'delete'],
 *   engineMetrics: { shelf: ['db_entries'] },
 *   errorCodes: new Set(['SHELF_FULL']),
 *   matches: (store) => store instanceof Shelf,
 *   engine: () => 'shelf',
 *   instrument(shelf, context) {
 *     const undo = wrapMethods(shelf, context, { get: 'get', put: 'set', remove: 'delete' })
 *     context.observeGauge('db_entries', () => shelf.size)
 *     return { state: () => (shelf.isOpen ? 'open' : 'closed'), detach: undo }
 *   },
 * }
 *
 * const shelf = instrument(new Shelf(), { name: 'novels', adapter: shelfAdapter })
 * await shelf.put('Emma', 'Emma Woodhouse, handsome, clever, and rich')
 * ```
 */
export interface StoreAdapter<Store extends object = object> {
  /** The kind of store, for example `lmdb`: the label `adapter` of `db_store_info`. */
  readonly name: string
  /** The operations it measures. Their series exist from the start, at 0. Empty if the store has no operations to measure. */
  readonly operations: readonly Operation[]
  /**
   * Operations for which some stores of this kind have no method (default: none). Their series stay at 0 in such a store.
   * For each of the other operations, `instrument` throws if no method is wrapped.
   */
  readonly optionalOperations?: readonly Operation[]
  /**
   * The metrics it records beside those of the operations, by the result of `engine`: `[]` for an engine without metrics. `{}`
   * if no engine has metrics.
   */
  readonly engineMetrics: Readonly<Record<string, readonly MetricName[]>>
  /**
   * The npm packages it measures, each with the versions that are tested: `{ lmdb: '2, 3' }` (default: none are named). For
   * documentation only.
   */
  readonly packages?: Readonly<Record<string, string>>
  /** Whether it records operations by sublevel if `context.bySublevel` is true (default: no; then `bySublevel` is rejected). */
  readonly supportsSublevels?: boolean
  /** The documented `code`s of the store's errors: values of the label `error_type`. Other errors count as `_OTHER`. */
  readonly errorCodes: ReadonlySet<string>
  /**
   * Returns whether this adapter measures the store. Checks the store's shape, not its class, if the store may come from
   * several copies of its package. At most one built-in adapter may match a store.
   */
  matches(store: object): store is Store
  /**
   * Returns the object that `instrument` wraps, if that is not the store itself but one below it (default: the store itself).
   * It is measured once, whichever of the stores above it is instrumented. Do not unwrap what can be measured on its own.
   */
  findTarget?(store: Store): object
  /** Returns what stores the data, for example `leveldb`; the adapter's name if that is unknown. */
  engine(store: Store): string
  /**
   * Wraps the store's methods, and returns the store's binding. Called once per store. If it throws, what `wrapMethods` and
   * `context.patch` did is undone.
   */
  instrument(store: Store, context: StoreContext): StoreBinding
}
