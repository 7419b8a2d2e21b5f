import assert from 'node:assert/strict'

/** How a call came out. */
export interface Outcome {
  readonly failed: boolean
  /** Whether it came at once or by a promise. */
  readonly at: 'once' | 'settlement'
  readonly value: unknown
}

export async function runOutcome(act: () => unknown): Promise<Outcome> {
  let result: unknown
  try {
    result = act()
  } catch (error) {
    return { failed: true, at: 'once', value: error }
  }
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function')
    return { failed: false, at: 'once', value: result }
  try {
    return { failed: false, at: 'settlement', value: await result }
  } catch (error) {
    return { failed: true, at: 'settlement', value: error }
  }
}

/** The very same error where the engine was made to fail with ours, an equal one where the engine made its own. */
export function assertSameOutcome(got: Outcome, plain: Outcome, { error }: { readonly error: Error }): void {
  assert.deepEqual([got.failed, got.at], [plain.failed, plain.at], 'it comes out the same way')
  if (plain.value === error) assert.equal(got.value, error)
  else assert.deepEqual(comparable(got.value), comparable(plain.value))
}

function comparable(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return { class: value.constructor, name: value.name, message: value.message, code: Reflect.get(value, 'code') }
}
