import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'

const installed = join(import.meta.dirname, '../../node_modules')

/**
 * Copies installed packages into a new folder. Returns a `require` for them: the copies have not been loaded before.
 * What they depend on is not copied, unless it is named. `keyv=keyv5` copies the package that is installed as `keyv5` as `keyv`.
 */
export async function copyPackages(...names: readonly string[]): Promise<NodeJS.Require> {
  const folder = join(await temporaryFolder(), 'node_modules')
  mkdirSync(folder)
  const originals = names.map((name) => realpathSync(join(installed, name.split('=').at(-1) as string)))
  names.forEach((name, index) => {
    cpSync(originals[index] as string, join(folder, name.split('=')[0] as string), { recursive: true })
  })
  for (const beside of originals.map((original) => dirname(original))) {
    for (const name of readdirSync(beside)) {
      if (!existsSync(join(folder, name))) symlinkSync(realpathSync(join(beside, name)), join(folder, name))
    }
  }
  return createRequire(join(folder, 'application.cjs'))
}
