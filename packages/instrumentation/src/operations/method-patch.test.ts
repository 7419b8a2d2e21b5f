import { expect, test } from 'vitest'
import type { Method } from './method-patch.ts'
import { MethodPatch } from './method-patch.ts'

class Store {
  own?: (key: string) => string
  get(key: string, _options?: object): string {
    return `value of ${key}`
  }
}

/** Puts something before what the method returns. */
const marked =
  (mark: string) =>
  (original: Method): Method =>
    function (...args) {
      return `${mark} ${original.apply(this, args)}`
    }

test('a replaced method is called instead, with its object and its arguments', () => {
  const store = new Store()
  new MethodPatch(store).replace('get', marked('measured'))
  expect(store.get('a')).toBe('measured value of a')
  expect(new Store().get('a')).toBe('value of a')
})

test('a replaced method keeps its name and its number of arguments, and is not enumerable', () => {
  const store = new Store()
  new MethodPatch(store).replace('get', marked('measured'))
  expect([store.get.name, store.get.length, Object.keys(store).includes('get')]).toEqual(['get', 2, false])
})

test('an inherited method is inherited again', () => {
  const store = new Store()
  const before = Object.getOwnPropertyDescriptors(store)
  const patch = new MethodPatch(store)
  patch.replace('get', marked('measured'))
  patch.undo()
  expect(Object.getOwnPropertyDescriptors(store)).toEqual(before)
  expect(store.get).toBe(Store.prototype.get)
})

const properties: Record<string, PropertyDescriptor> = {
  'an assigned method': { value: () => 'own', writable: true, enumerable: true, configurable: true },
  'a method that cannot be written': { value: () => 'own', writable: false, enumerable: false, configurable: true },
  'a method behind a getter': { get: () => () => 'own', set: () => {}, enumerable: true, configurable: true },
}

for (const [what, descriptor] of Object.entries(properties)) {
  test(`${what} comes back as it was`, () => {
    const store = Object.defineProperty(new Store(), 'own', descriptor)
    const patch = new MethodPatch(store)
    patch.replace('own', marked('measured'))
    expect(store.own?.('a')).toBe('measured own')
    expect(Object.keys(store).includes('own')).toBe(descriptor.enumerable)
    patch.undo()
    expect(Object.getOwnPropertyDescriptor(store, 'own')).toEqual(descriptor)
  })
}

test('a method that is not there stays away', () => {
  const store = new Store()
  const keys = Reflect.ownKeys(store)
  const patch = new MethodPatch(store)
  patch.replace('put', marked('measured'))
  patch.replace('own', marked('measured'))
  expect(Reflect.ownKeys(store)).toEqual(keys)
  patch.undo()
  expect(Reflect.ownKeys(store)).toEqual(keys)
})

test('whoever wrapped our wrapper keeps it', () => {
  const store = new Store()
  const patch = new MethodPatch(store)
  patch.replace('get', marked('ours'))
  store.get = marked('theirs')(store.get as Method) as Store['get']
  const theirs = store.get
  patch.undo()
  expect(store.get).toBe(theirs)
  expect(store.get('a')).toBe('theirs ours value of a')
})

test('two patches are undone in the order opposite to the one they came in', () => {
  const store = new Store()
  const [first, second] = [new MethodPatch(store), new MethodPatch(store)]
  first.replace('get', marked('first'))
  second.replace('get', marked('second'))
  expect(store.get('a')).toBe('second first value of a')
  second.undo()
  expect(store.get('a')).toBe('first value of a')
  first.undo()
  expect(Object.hasOwn(store, 'get')).toBe(false)
})

test('one patch that replaced a method twice puts back the first', () => {
  const store = new Store()
  const patch = new MethodPatch(store)
  patch.replace('get', marked('first'))
  patch.replace('get', marked('second'))
  patch.undo()
  expect(Object.hasOwn(store, 'get')).toBe(false)
})

test('undoing twice changes nothing more', () => {
  const store = new Store()
  const patch = new MethodPatch(store)
  patch.replace('get', marked('measured'))
  patch.undo()
  store.get = () => 'mine'
  patch.undo()
  expect(store.get('a')).toBe('mine')
})
