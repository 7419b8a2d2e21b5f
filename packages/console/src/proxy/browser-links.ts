import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

/** A link that nobody opens is forgotten when so many others were made. */
const maxLinks = 100

/**
 * Knows the browser of the user by a cookie that it gets with a link: every user of the machine can connect to a loopback address, but must not
 * act with the token of this one. A link works once, because others can read the command line of the program that opens a browser.
 */
export class BrowserLinks {
  readonly #links = new Set<string>()
  readonly #cookie = randomBytes(32).toString('base64url')

  /** Returns the address of the page at `url` for one browser. */
  create(url: string): string {
    const key = randomBytes(24).toString('base64url')
    this.#links.add(key)
    const [oldest] = this.#links
    if (this.#links.size > maxLinks && oldest !== undefined) this.#links.delete(oldest)
    return `${url}?key=${key}`
  }

  /** Exchanges the key of a link for the cookie, and removes it from the address. */
  readonly redeem: MiddlewareHandler = async (context, next) => {
    const key = context.req.query('key')
    if (key === undefined) return next()
    if (this.#links.delete(key)) {
      const cookie = `${cookieName(context.req.header('host'))}=${this.#cookie}; Path=/; HttpOnly; SameSite=Strict`
      context.header('set-cookie', cookie)
    }
    context.header('cache-control', 'no-store')
    return context.redirect('./', 302)
  }

  /** Returns whether a request comes from a browser that has opened a link. */
  isKnown(cookies: string, host: string | undefined): boolean {
    const name = `${cookieName(host)}=`
    const expected = Buffer.from(this.#cookie)
    return cookies.split('; ').some((pair) => {
      const shown = Buffer.from(pair.slice(name.length))
      return pair.startsWith(name) && shown.length === expected.length && timingSafeEqual(shown, expected)
    })
  }
}

/** Its end differs from that of the cookies of the process, which are passed on. */
function cookieName(host = ''): string {
  return `wombat_console_${/:(\d+)$/.exec(host)?.[1] ?? '80'}_key`
}
