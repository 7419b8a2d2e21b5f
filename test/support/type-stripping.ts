const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

/**
 * Flags with which Node runs TypeScript: none from 22.18 on. By version, because `process.features.typescript` is also true in a
 * process that was started with the flag, whose children need it again.
 */
export const nodeFlags: readonly string[] =
  major === 22 && minor < 18 ? ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'] : []
