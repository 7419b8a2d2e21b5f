/** The demo's damaged LevelDB: some of its reads fail with `LEVEL_CORRUPTION`. */
export { createDamagedStore, damagedKey } from '../../examples/demo/damaged-store.ts'
