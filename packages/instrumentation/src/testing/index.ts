/**
 * Checks that an adapter measures its store correctly and does not change its behavior.
 *
 * @module @wombat/instrumentation/testing
 */

import '../validation/require-node.ts'

export { type Measured, readMeasured } from './read-measured.ts'
export { type Action, type StoreKind, storeSuite, type TestData } from './store-suite.ts'
