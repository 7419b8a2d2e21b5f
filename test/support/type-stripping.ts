/** Flags with which Node runs TypeScript: none from 22.18 on. */
export const nodeFlags: readonly string[] = process.features.typescript
  ? []
  : ['--experimental-strip-types', '--disable-warning=ExperimentalWarning']
