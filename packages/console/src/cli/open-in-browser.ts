import { spawn } from 'node:child_process'

/** The program that opens an address, and its arguments, by platform. */
const openers: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Opens an address in the browser of the user. Returns why it failed, or undefined. */
export function openInBrowser(url: string): Promise<string | undefined> {
  const [program = '', ...args] = openers[process.platform] ?? ['xdg-open']
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    child.once('error', (error) => resolve(`cannot start ${program} (${error.message})`))
    // Some of them end only with the browser.
    child.once('spawn', () => {
      child.unref()
      setTimeout(() => resolve(undefined), 1000).unref()
    })
    child.once('exit', (code) => resolve(code === 0 ? undefined : `${program} failed with exit code ${code}`))
  })
}
