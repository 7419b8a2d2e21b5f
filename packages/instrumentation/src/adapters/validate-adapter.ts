import { validateLabel } from '../metrics/labels.ts'
import { metrics, operations } from '../metrics/semconv.ts'
import type { StoreBinding, StoreState } from '../registry/store-binding.ts'
import { describeValue } from '../validation/describe-value.ts'
import type { StoreAdapter } from './adapter.ts'

const states: readonly StoreState[] = ['opening', 'open', 'closed', 'failed']

/**
 * Throws if an adapter misses a field, or has one of the wrong kind.
 *
 * @throws TypeError with the field, the value it got and what is expected.
 */
export function validateAdapter(adapter: StoreAdapter): void {
  if (typeof adapter !== 'object' || adapter === null)
    throw new TypeError(`adapter must be an object, got ${describeValue(adapter)}`)
  const { name, operations: listedOperations, optionalOperations = [], engineMetrics, errorCodes } = adapter
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`adapter.name must be a non-empty string, got ${describeValue(name)}`)
  const fail = (field: string, expected: string, got: unknown): never => {
    throw new TypeError(`adapter "${name}": ${field} must be ${expected}, got ${describeValue(got)}`)
  }
  const operationsDescription = `an array of ${operations.join(', ')}; [] if there are none`
  if (!Array.isArray(listedOperations)) fail('operations', operationsDescription, listedOperations)
  for (const operation of listedOperations)
    if (!operations.includes(operation)) fail('operations', operationsDescription, operation)
  const optionalDescription = 'an array of some of its operations'
  if (!Array.isArray(optionalOperations)) fail('optionalOperations', optionalDescription, optionalOperations)
  for (const operation of optionalOperations)
    if (!listedOperations.includes(operation)) fail('optionalOperations', optionalDescription, operation)
  if (typeof engineMetrics !== 'object' || engineMetrics === null) {
    fail('engineMetrics', 'an object with an array of metric names for each engine; {} if there are none', engineMetrics)
  }
  for (const [engine, names] of Object.entries(engineMetrics)) {
    if (!Array.isArray(names)) fail(`engineMetrics.${engine}`, 'an array of metric names', names)
    for (const metric of names) {
      if (Object.hasOwn(metrics, metric)) continue
      const similar = findSimilarMetrics(metric)
      const hint = similar.length === 0 ? '' : `; did you mean ${similar.join(' or ')}?`
      throw new TypeError(
        `adapter "${name}": engineMetrics.${engine} must be an array of names from the metric catalog, got ${describeValue(metric)}${hint}`,
      )
    }
  }
  if (typeof errorCodes?.has !== 'function') fail('errorCodes', 'a Set of error codes; new Set() if there are none', errorCodes)
  for (const method of ['matches', 'engine', 'instrument'] as const) {
    if (typeof adapter[method] !== 'function') fail(method, 'a function', adapter[method])
  }
  const { findTarget, supportsSublevels } = adapter
  if (findTarget !== undefined && typeof findTarget !== 'function') fail('findTarget', 'a function', findTarget)
  if (supportsSublevels !== undefined && typeof supportsSublevels !== 'boolean')
    fail('supportsSublevels', 'true or false', supportsSublevels)
}

/**
 * Returns the engine that an adapter detected.
 *
 * @throws TypeError if it cannot be the label `engine`.
 */
export function validateEngine(adapter: string, engine: string): string {
  const problem = validateLabel('engine', engine)
  if (problem !== undefined) throw new TypeError(`adapter "${adapter}": engine() returned an invalid name: ${problem}`)
  return engine
}

/**
 * Returns what an adapter's `instrument` returned, if it is a binding.
 *
 * @throws TypeError with the field, the value it got and what is expected.
 */
export function validateBinding(adapter: string, binding: StoreBinding): StoreBinding {
  if (typeof binding !== 'object' || binding === null) {
    throw new TypeError(
      `adapter "${adapter}": instrument() must return a binding { state, detach }, got ${describeValue(binding)}`,
    )
  }
  if (typeof Reflect.get(binding, 'then') === 'function') {
    throw new TypeError(
      `adapter "${adapter}": instrument() must return a binding { state, detach }, got a promise: remove async, and await in collect()`,
    )
  }
  const prefix = `adapter "${adapter}": the binding that instrument() returned`
  for (const method of ['state', 'detach', 'directory', 'probe', 'collect'] as const) {
    const value = binding[method]
    const isOptional = method !== 'state' && method !== 'detach'
    if (typeof value === 'function' || (isOptional && value === undefined)) continue
    throw new TypeError(`${prefix} is invalid: ${method} must be a function, got ${describeValue(value)}`)
  }
  const state = binding.state()
  if (!states.includes(state)) {
    const expected = states.map((one) => JSON.stringify(one)).join(', ')
    throw new TypeError(`${prefix} is invalid: state() must return one of ${expected}, got ${describeValue(state)}`)
  }
  return binding
}

/** Returns the names of the catalog that contain the name, or are contained in it; a plural `s` does not count. */
function findSimilarMetrics(name: unknown): string[] {
  const part = String(name).replace(/s$/, '')
  if (part.length < 5) return []
  return Object.keys(metrics)
    .filter((metric) => metric.includes(part) || part.includes(metric))
    .slice(0, 3)
}
