// Loader hooks of another library, for every imported module. They print the names of two of them.
import { createRequire } from 'node:module'

const instrumentation = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/instrumentation'))
const { register, supportsSyncHooks } = instrumentation('import-in-the-middle/register-hooks.mjs')
const { Hook } = instrumentation('import-in-the-middle')

if (supportsSyncHooks()) register()
new Hook(['keyv', 'os'], (_exports, name) => console.log(`saw ${name}`))
