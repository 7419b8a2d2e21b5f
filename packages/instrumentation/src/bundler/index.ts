/**
 * Plugins for bundlers: with them, the stores of a bundled application are found automatically.
 *
 * @module @wombat/instrumentation/bundler
 */

import '../validation/require-node.ts'

export { type EsbuildPlugin, esbuildPlugin } from './esbuild-plugin.ts'
export { type RollupPlugin, rollupPlugin } from './rollup-plugin.ts'
