import { expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import type { Operation } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { wrapMethods } from '../operations/wrap-method.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import type { StoreBinding } from '../registry/store-binding.ts'
import type { StoreAdapter } from './adapter.ts'

class Shelf {
  read(title: string): string {
    return title
  }
}

const adapter: StoreAdapter<Shelf> = {
  name: 'shelf',
  operations: ['get'],
  engineMetrics: { wood: ['db_entries'] },
  errorCodes: new Set(['SHELF_FULL']),
  matches: (store) => store instanceof Shelf,
  engine: () => 'wood',
  instrument: (shelf, context) => ({ state: () => 'open', detach: wrapMethods(shelf, context, { read: 'get' }) }),
}

/** Instruments a shelf with an adapter that JavaScript code could pass, and returns the shelf and its registry. */
function instrumentWith(changes: object) {
  const [shelf, registry] = [new Shelf(), new MetricsRegistry()]
  const act = (): unknown => instrument(shelf, { registry, adapter: { ...adapter, ...changes } as StoreAdapter })
  return { shelf, registry, act }
}

const invalidAdapters: Readonly<Record<string, [changes: object, message: string]>> = {
  'without a name': [{ name: undefined }, 'adapter.name must be a non-empty string, got undefined'],
  'with an empty name': [{ name: '' }, 'adapter.name must be a non-empty string, got ""'],
  'without operations': [
    { operations: undefined },
    'adapter "shelf": operations must be an array of get, set, delete, batch, scan, clear, has, get_many; [] if there are none, got undefined',
  ],
  'with an unknown operation': [
    { operations: ['get', 'put'] },
    'adapter "shelf": operations must be an array of get, set, delete, batch, scan, clear, has, get_many; [] if there are none, got "put"',
  ],
  'with a target that is no function': [
    { findTarget: new Shelf() },
    'adapter "shelf": findTarget must be a function, got an object',
  ],
  'with supportsSublevels that is no boolean': [
    { supportsSublevels: 1 },
    'adapter "shelf": supportsSublevels must be true or false, got 1',
  ],
  'without engineMetrics': [
    { engineMetrics: undefined },
    'adapter "shelf": engineMetrics must be an object with an array of metric names for each engine; {} if there are none, got undefined',
  ],
  'with one name as engineMetrics': [
    { engineMetrics: { wood: 'db_entries' } },
    'adapter "shelf": engineMetrics.wood must be an array of metric names, got "db_entries"',
  ],
  'with a metric that is not in the catalog': [
    { engineMetrics: { wood: ['db_books'] } },
    'adapter "shelf": engineMetrics.wood must be an array of names from the metric catalog, got "db_books"',
  ],
  'with a part of a metric name': [
    { engineMetrics: { wood: ['map_used'] } },
    'adapter "shelf": engineMetrics.wood must be an array of names from the metric catalog, got "map_used"; did you mean db_map_used_bytes?',
  ],
  'with a metric name in the singular': [
    { engineMetrics: { wood: ['entrie'] } },
    'got "entrie"; did you mean db_batch_entries_total or db_scan_entries_total or db_entries?',
  ],
  'with an optional operation that it does not measure': [
    { optionalOperations: ['set'] },
    'adapter "shelf": optionalOperations must be an array of some of its operations, got "set"',
  ],
  'with an array of error codes': [
    { errorCodes: ['E'] },
    'adapter "shelf": errorCodes must be a Set of error codes; new Set() if there are none, got an array',
  ],
  'without matches': [{ matches: undefined }, 'adapter "shelf": matches must be a function, got undefined'],
  'without engine': [{ engine: 'wood' }, 'adapter "shelf": engine must be a function, got "wood"'],
  'with an empty engine': [
    { engine: () => '' },
    'adapter "shelf": engine() returned an invalid name: label engine must not be empty',
  ],
  'without instrument': [{ instrument: undefined }, 'adapter "shelf": instrument must be a function, got undefined'],
  'that returns no binding': [
    { instrument() {} },
    'adapter "shelf": instrument() must return a binding { state, detach }, got undefined',
  ],
  'that returns a promise': [
    { instrument: async () => ({ state: () => 'open', detach() {} }) },
    'adapter "shelf": instrument() must return a binding { state, detach }, got a promise: remove async, and await in collect()',
  ],
  'that wraps a method as an unknown operation': [
    { instrument: (shelf: Shelf, context: StoreContext) => wrapMethods(shelf, context, { read: 'read' as Operation }) },
    `adapter "shelf" measures the operation read, which does not exist: use one of get, set, delete, batch, scan, clear, has, get_many`,
  ],
  'that wraps no method': [
    { instrument: () => ({ state: () => 'open', detach() {} }) },
    'adapter "shelf" lists the operation get but wraps no method for it: wrap one with wrapMethods or context.recorder',
  ],
  'that wraps no method for two operations': [
    { operations: ['get', 'set', 'has'] },
    'adapter "shelf" lists the operations set, has but wraps no method for them: wrap one with wrapMethods or context.recorder',
  ],
  'that observes a counter as a gauge': [
    { instrument: (_: Shelf, context: StoreContext) => context.observeGauge('db_write_stalls_total', () => 1) },
    'adapter "shelf" observes db_write_stalls_total as a gauge, but it is a counter: use context.registry.counter("db_write_stalls_total", { store: context.name })',
  ],
}

for (const [title, [changes, message]] of Object.entries(invalidAdapters)) {
  test(`an adapter ${title} is a TypeError that names the field`, () => {
    const { registry, act } = instrumentWith(changes)
    expect(act).toThrow(TypeError)
    expect(act).toThrow(message)
    expect(registry.stores.list()).toEqual([])
  })
}

const invalidBindings: Readonly<Record<string, [changes: object, message: string]>> = {
  'without state': [
    { state: undefined },
    'adapter "shelf": the binding that instrument() returned is invalid: state must be a function, got undefined',
  ],
  'with a constant state': [
    { state: 'open' },
    'adapter "shelf": the binding that instrument() returned is invalid: state must be a function, got "open"',
  ],
  'with an unknown state': [
    { state: () => 'ready' },
    'adapter "shelf": the binding that instrument() returned is invalid: state() must return one of "opening", "open", "closed", "failed", got "ready"',
  ],
  'without detach': [
    { detach: undefined },
    'adapter "shelf": the binding that instrument() returned is invalid: detach must be a function, got undefined',
  ],
  'with a probe that is no function': [
    { probe: {} },
    'adapter "shelf": the binding that instrument() returned is invalid: probe must be a function, got an object',
  ],
  'with a path as directory': [
    { directory: '/a' },
    'adapter "shelf": the binding that instrument() returned is invalid: directory must be a function, got "/a"',
  ],
  'with a number as collect': [
    { collect: 1 },
    'adapter "shelf": the binding that instrument() returned is invalid: collect must be a function, got 1',
  ],
}

for (const [title, [changes, message]] of Object.entries(invalidBindings)) {
  test(`a binding ${title} is a TypeError, and the store is left as it was`, () => {
    const { shelf, registry, act } = instrumentWith({
      instrument: (...args: Parameters<typeof adapter.instrument>) =>
        ({ ...adapter.instrument(...args), ...changes }) as StoreBinding,
    })
    expect(act).toThrow(TypeError)
    expect(act).toThrow(message)
    expect(Reflect.ownKeys(shelf)).toEqual([])
    expect(registry.stores.list()).toEqual([])
    expect(registry.getAllMetrics().filter(({ type }) => type === 'gauge')).toEqual([])
  })
}
