export { hookImports } from './import-hooks.ts'
export type { StoreModuleName } from './store-modules.ts'
export { WombatInstrumentation, type WombatInstrumentationConfig } from './wombat-instrumentation.ts'
