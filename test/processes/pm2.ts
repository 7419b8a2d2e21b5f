import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('node_modules/pm2/bin/pm2', import.meta.url))

/** Whether `test/processes/install.sh` has installed PM2. */
export const isPm2Installed = existsSync(program)

/** Returns the title of tests that need PM2; it says how to get it if it is not there. */
export function pm2Title(what: string): string {
  return isPm2Installed ? what : `${what} (left out: PM2 is not installed; install it with: bash test/processes/install.sh)`
}

/** Starts four processes of a program in PM2's cluster mode, with a daemon of its own whose files are in `folder`. */
export async function startPm2(
  app: string,
  environment: Readonly<Record<string, string>>,
  folder: string,
): Promise<{ stop(): Promise<void> }> {
  const env = { ...process.env, ...environment, PM2_HOME: join(folder, 'pm2'), PM2_DISABLE_VERSION_CHECK: 'true' }
  const pm2 = (...args: string[]): string =>
    execFileSync(process.execPath, [program, ...args], { env, encoding: 'utf8', stdio: 'pipe', timeout: 60_000 })
  pm2('start', app, '--instances', '4', '--name', 'soak', '--interpreter', process.execPath, '--kill-timeout', '5000')
  return {
    stop: async () => {
      pm2('kill')
    },
  }
}
