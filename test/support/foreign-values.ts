/** Property names whose getters throw in one of the values, beside those of the methods. */
const dataNames = ['length', 'count', '_operations', 'then']

const proxyTraps = 'get has getPrototypeOf getOwnPropertyDescriptor defineProperty isExtensible ownKeys'.split(' ')

const fail = (what: string): never => {
  throw new Error(what)
}

/**
 * What an engine may return instead of a promise, an iterator or a batch, by description. Objects "with the methods" have those that
 * are expected of an iterator or a batch, and do not allow to wrap them.
 */
export function foreignValues(methodNames: readonly string[]): Readonly<Record<string, unknown>> {
  const methods = Object.fromEntries(methodNames.map((name) => [name, () => {}]))
  const { proxy: revoked, revoke } = Proxy.revocable({}, {})
  revoke()
  return {
    undefined: undefined,
    null: null,
    'a number': 1,
    'a text': 'text',
    'a symbol': Symbol('symbol'),
    'an empty object': {},
    'a frozen object': Object.freeze({}),
    'a frozen object with the methods': Object.freeze({ ...methods }),
    'a sealed object with the methods': Object.seal({ ...methods }),
    'an object whose methods cannot be replaced': Object.defineProperties(
      {},
      Object.fromEntries(methodNames.map((name) => [name, { value: methods[name] }])),
    ),
    'an object whose getters throw': Object.defineProperties(
      {},
      Object.fromEntries([...methodNames, ...dataNames].map((name) => [name, { get: () => fail('a getter') }])),
    ),
    'a proxy that refuses new properties': new Proxy({ ...methods }, { defineProperty: () => false }),
    'a proxy that throws': new Proxy({}, Object.fromEntries(proxyTraps.map((trap) => [trap, () => fail('trapped')]))),
    'a revoked proxy': revoked,
    'a function': () => {},
  }
}

/** Returns how a call ended, and whether it returned `value` itself. */
export async function describeOutcome(call: () => unknown, value: unknown): Promise<unknown> {
  const describe = (result: unknown): unknown => (result === value ? 'the value' : typeof result)
  try {
    const result = call()
    if (result === value) return 'the value, synchronously'
    return result instanceof Promise ? ['resolved', describe(await result)] : ['returned', describe(result)]
  } catch (error) {
    return ['failed', String(error)]
  }
}
