import { expect, test } from 'vitest'
import type { Method } from './method-patch.ts'
import { MethodPatch } from './method-patch.ts'

class Store {
  own?: (key: string) => string
  get(key: string, _options?: object): string {
    return `value of ${key}`
  }
}

/** Prefixes the result of the method. */
const prefixed =
  (prefix: string) =>
  (original: Method): Method =>
    function (...args) {
      return `${prefix} ${original.apply(this, args)}`
    }

test('a replacement is called with the object and the arguments', () => {
  const store = new Store()
  new MethodPatch(store).replace('get', prefixed('measured'))
  expect(store.get('a')).toBe('measured value of a')
  expect(new Store().get('a')).toBe('value of a')
})

test('a replacement keeps the name and the number of parameters, and is not enumerable', () => {
  const store = new Store()
  new MethodPatch(store).replace('get', prefixed('measured'))
  expect([store.get.name, store.get.length, Object.keys(store).includes('get')]).toEqual(['get', 2, false])
})

test('an inherited method is inherited again after undo', () => {
  const store = new Store()
  const before = Object.getOwnPropertyDescriptors(store)
  const patch = new MethodPatch(store)
  patch.replace('get', prefixed('measured'))
  patch.undo()
  expect(Object.getOwnPropertyDescriptors(store)).toEqual(before)
  expect(store.get).toBe(Store.prototype.get)
})

const properties: Record<string, PropertyDescriptor> = {
  'an assigned method': { value: () => 'own', writable: true, enumerable: true, configurable: true },
  'a read-only method': { value: () => 'own', writable: false, enumerable: false, configurable: true },
  'a method behind a getter': { get: () => () => 'own', set: () => {}, enumerable: true, configurable: true },
}

for (const [what, descriptor] of Object.entries(properties)) {
  test(`${what} is restored exactly`, () => {
    const store = Object.defineProperty(new Store(), 'own', descriptor)
    const patch = new MethodPatch(store)
    patch.replace('own', prefixed('measured'))
    expect(store.own?.('a')).toBe('measured own')
    expect(Object.keys(store).includes('own')).toBe(descriptor.enumerable)
    patch.undo()
    expect(Object.getOwnPropertyDescriptor(store, 'own')).toEqual(descriptor)
  })
}

test('a missing method is not added', () => {
  const store = new Store()
  const keys = Reflect.ownKeys(store)
  const patch = new MethodPatch(store)
  patch.replace('put', prefixed('measured'))
  patch.replace('own', prefixed('measured'))
  expect(Reflect.ownKeys(store)).toEqual(keys)
  patch.undo()
  expect(Reflect.ownKeys(store)).toEqual(keys)
})

test('a wrapper that other code has wrapped stays', () => {
  const store = new Store()
  const patch = new MethodPatch(store)
  patch.replace('get', prefixed('ours'))
  store.get = prefixed('theirs')(store.get as Method) as Store['get']
  const theirs = store.get
  patch.undo()
  expect(store.get).toBe(theirs)
  expect(store.get('a')).toBe('theirs ours value of a')
})

test('two patches can be undone in reverse order', () => {
  const store = new Store()
  const [first, second] = [new MethodPatch(store), new MethodPatch(store)]
  first.replace('get', prefixed('first'))
  second.replace('get', prefixed('second'))
  expect(store.get('a')).toBe('second first value of a')
  second.undo()
  expect(store.get('a')).toBe('first value of a')
  first.undo()
  expect(Object.hasOwn(store, 'get')).toBe(false)
})

test('a patch that replaced a method twice restores the original', () => {
  const store = new Store()
  const patch = new MethodPatch(store)
  patch.replace('get', prefixed('first'))
  patch.replace('get', prefixed('second'))
  patch.undo()
  expect(Object.hasOwn(store, 'get')).toBe(false)
})

test('a second undo changes nothing', () => {
  const store = new Store()
  const patch = new MethodPatch(store)
  patch.replace('get', prefixed('measured'))
  patch.undo()
  store.get = () => 'mine'
  patch.undo()
  expect(store.get('a')).toBe('mine')
})
