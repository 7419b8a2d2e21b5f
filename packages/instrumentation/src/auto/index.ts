/**
 * Finds and measures the stores of an application without a change in its code.
 *
 * @module @wombat/instrumentation/auto
 */

import '../validation/require-node.ts'

export { hookImports } from './import-hooks.ts'
export type { StoreModuleName } from './store-modules.ts'
export { WombatInstrumentation, type WombatInstrumentationConfig } from './wombat-instrumentation.ts'
