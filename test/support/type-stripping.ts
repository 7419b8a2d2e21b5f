/** What Node needs to be told to run TypeScript: nothing, except before 22.18. */
export const nodeFlags: readonly string[] = process.features.typescript
  ? []
  : ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']
