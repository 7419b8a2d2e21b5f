import { validateLabel } from '../metrics/labels.ts'
import { metrics, operations } from '../metrics/semconv.ts'
import type { StoreBinding, StoreState } from '../registry/store-binding.ts'
import type { StoreAdapter } from './adapter.ts'

const states: readonly StoreState[] = ['opening', 'open', 'closed', 'failed']

/**
 * Throws if an adapter misses a field, or has one of the wrong kind.
 *
 * @throws TypeError with the field, the value it got and what is expected.
 */
export function validateAdapter(adapter: StoreAdapter): void {
  if (typeof adapter !== 'object' || adapter === null)
    throw new TypeError(`adapter must be an object, got ${formatValue(adapter)}`)
  const { name, operations: supplied, engineMetrics, errorCodes } = adapter
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`adapter.name must be a non-empty string, got ${formatValue(name)}`)
  const fail = (field: string, expected: string, got: unknown): never => {
    throw new TypeError(`adapter "${name}": ${field} must be ${expected}, got ${formatValue(got)}`)
  }
  if (!Array.isArray(supplied)) fail('operations', 'an array of operations', supplied)
  for (const operation of supplied) {
    if (!operations.includes(operation)) fail('operations', `an array of ${operations.join(', ')}`, operation)
  }
  if (typeof engineMetrics !== 'object' || engineMetrics === null) {
    fail('engineMetrics', 'an object with an array of metric names for each engine', engineMetrics)
  }
  for (const [engine, names] of Object.entries(engineMetrics)) {
    if (!Array.isArray(names)) fail(`engineMetrics.${engine}`, 'an array of metric names', names)
    for (const metric of names)
      if (!Object.hasOwn(metrics, metric)) fail(`engineMetrics.${engine}`, 'an array of catalog names', metric)
  }
  if (typeof errorCodes?.has !== 'function') fail('errorCodes', 'a Set of error codes', errorCodes)
  for (const method of ['matches', 'engine', 'instrument'] as const) {
    if (typeof adapter[method] !== 'function') fail(method, 'a function', adapter[method])
  }
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
    throw new TypeError(`adapter "${adapter}": instrument() must return a binding { state, detach }, got ${formatValue(binding)}`)
  }
  for (const method of ['state', 'detach', 'directory', 'probe', 'collect'] as const) {
    const value = binding[method]
    const isOptional = method !== 'state' && method !== 'detach'
    if (typeof value === 'function' || (isOptional && value === undefined)) continue
    throw new TypeError(`adapter "${adapter}": ${method} of the binding must be a function, got ${formatValue(value)}`)
  }
  const state = binding.state()
  if (!states.includes(state)) {
    throw new TypeError(`adapter "${adapter}": state() must return ${states.join(', ')}, got ${formatValue(state)}`)
  }
  return binding
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
