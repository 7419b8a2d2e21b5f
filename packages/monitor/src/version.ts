import { createRequire } from 'node:module'

const manifest: { version: string } = createRequire(import.meta.url)('@wombat/monitor/package.json')

/** The version of this package. What is published contains it as a constant: a bundled application has no manifest to read. */
export const version = manifest.version
