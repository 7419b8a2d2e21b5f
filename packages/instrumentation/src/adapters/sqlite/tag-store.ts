import type { Method } from '../../operations/method-patch.ts'
import { defineMethod } from './iteration.ts'
import type { MeasuredStatement, Statements } from './statements.ts'

const methods = ['get', 'all', 'iterate', 'run'] as const

/**
 * Wraps `createTagStore` of `node:sqlite`. The methods of a tag store are tags of template literals, and run a statement that they
 * prepare themselves.
 */
export function measureTagStores(statements: Statements, original: Method): Method {
  /** The strings of a template literal are one array for each place in the code. */
  const known = new WeakMap<object, MeasuredStatement>()
  const find = (strings: readonly string[]): MeasuredStatement => {
    let statement = known.get(strings)
    if (statement === undefined) {
      statement = statements.forPrepared(strings.join('?'))
      known.set(strings, statement)
    }
    return statement
  }
  return function (...args) {
    const store = original.apply(this, args)
    if (typeof store === 'object' && store !== null) measureTagStore(store, find)
    return store
  }
}

function measureTagStore(store: object, find: (strings: readonly string[]) => MeasuredStatement): void {
  const prototype = Object.getPrototypeOf(store) as object
  const measured = Object.create(prototype) as object
  for (const name of methods) {
    const original: unknown = Reflect.get(prototype, name)
    if (typeof original !== 'function') continue
    const wrapper: Method = function (...args) {
      const [strings] = args as unknown[]
      const run = Array.isArray(strings) ? find(strings).wrap(name, original as Method) : (original as Method)
      return run.apply(this, args)
    }
    defineMethod(measured, name, wrapper, original.length)
  }
  Object.setPrototypeOf(store, measured)
}
