import { MethodPatch } from './method-patch.ts'
import type { Operation } from './semconv.ts'
import type { StoreOperations } from './store-operations.ts'
import { timedForCaller } from './timed.ts'

/**
 * Times these methods of a store, each as one of Wombat's operations: `{ get: 'get', put: 'set' }`. A method may return a
 * promise or its result. What the store calls of itself meanwhile is part of the operation. Returns the way back.
 */
export function timeMethods(
  store: object,
  operations: StoreOperations,
  methods: Readonly<Record<string, Operation>>,
): () => void {
  const patch = new MethodPatch(store)
  for (const [method, operation] of Object.entries(methods)) {
    patch.replace(method, (original) => timedForCaller(operations, operations.recorder(operation), original))
  }
  return () => patch.undo()
}
