import { readFile } from 'node:fs/promises'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { proxy } from 'hono/proxy'
import { secureHeaders } from 'hono/secure-headers'
import { describeNetworkProblem } from '../connection/network-problem.ts'
import { formatTarget, type Target } from '../connection/target.ts'
import { type ConsoleFile, consoleFiles } from '../console-files.ts'
import type { BrowserLinks } from './browser-links.ts'
import { cookieForBrowser, cookiesForTarget } from './cookies.ts'
import { loopbackNamesOnly, sameOriginOnly } from './same-origin.ts'

/** Nothing from another origin, and no code or style inside the page. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
}

/** The endpoints of the process that the page uses. */
const forwardedPaths = ['/api/*', '/health/*', '/livez/*', '/readyz/*', '/runbook']

/** The headers of a request that the process gets. The token of the proxy replaces `authorization` for a browser that has opened a link. */
const forwardedHeaders = [
  'accept',
  'authorization',
  'content-type',
  'if-none-match',
  'last-event-id',
  'sec-fetch-dest',
  'x-wombat-csrf',
]

/** Changes are small. */
const maxBodyBytes = 2 ** 20

/**
 * Creates the app of `wombat-console --connect`: the files of the page, and a proxy for the endpoints of a process. While the process does not
 * answer, its endpoints answer 502 with the reason.
 *
 * @param links knows the browsers whose requests get the token of the target. Those of others pass without it.
 * @throws Error if the files of the page are missing.
 */
export function createProxyApp(target: Target, links: BrowserLinks): Hono {
  const app = new Hono()
  app.use(secureHeaders({ contentSecurityPolicy, xFrameOptions: 'DENY', strictTransportSecurity: false }), loopbackNamesOnly)
  for (const path of forwardedPaths) {
    app.use(path, sameOriginOnly(formatTarget(target)), smallBodiesOnly)
    app.all(path, (context) => forward(context, target, links))
  }
  app.get('/', links.redeem)
  for (const file of consoleFiles()) app.get(`/${file.path}`, (context) => sendFile(context, file))
  app.notFound((context) => context.json({ error: `${context.req.path} does not exist` }, 404))
  app.onError((error, context) => context.json({ error: error.message }, 500))
  return app
}

/** Rejects a body that is too large, or whose size is not known before. */
const smallBodiesOnly: MiddlewareHandler = async (context, next) => {
  if (context.req.header('transfer-encoding') !== undefined)
    return context.json({ error: 'the header Content-Length is missing' }, 411)
  if (bodyBytes(context) <= maxBodyBytes) return next()
  return context.json({ error: `the body must have at most ${maxBodyBytes} bytes, got ${bodyBytes(context)}` }, 413)
}

function bodyBytes(context: Context): number {
  return Number(context.req.header('content-length') ?? 0)
}

async function sendFile(context: Context, { url, contentType, isImmutable }: ConsoleFile): Promise<Response> {
  const caching = isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache'
  return context.body(await readFile(url), 200, { 'content-type': contentType, 'cache-control': caching })
}

async function forward(context: Context, target: Target, links: BrowserLinks): Promise<Response> {
  const { method, raw } = context.req
  const { pathname, search } = new URL(raw.url)
  const url = new URL(`.${pathname}${search}`, target.url)
  const host = context.req.header('host') ?? ''
  let response: Response
  try {
    response = await proxy(url, {
      method,
      headers: headersForTarget(context, target, host, links),
      ...(method !== 'GET' && method !== 'HEAD' && bodyBytes(context) > 0 && { body: await context.req.arrayBuffer() }),
      // It would send the token to another address.
      redirect: 'manual',
      signal: raw.signal,
    })
  } catch (error) {
    const problem = `${formatTarget(target)} does not answer: ${describeNetworkProblem(error)}`
    return context.json({ error: problem }, 502, { 'cache-control': 'no-store' })
  }
  const cookies = response.headers.getSetCookie()
  response.headers.delete('set-cookie')
  for (const cookie of cookies) response.headers.append('set-cookie', cookieForBrowser(cookie, host))
  return new Response(response.body && ReadableStream.from(untilFailure(response.body)), response)
}

/** Ends the body when the process or the browser is gone: the server would print the error, and a browser connects again after both. */
async function* untilFailure(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch {
    return
  }
}

/** The browser's own `Origin` and `Sec-Fetch-Site` have been checked; the process compares them with its own address. */
function headersForTarget(context: Context, { url, token }: Target, host: string, links: BrowserLinks): Headers {
  const headers = new Headers({ origin: url.origin, 'sec-fetch-site': 'same-origin' })
  for (const name of forwardedHeaders) {
    const value = context.req.header(name)
    if (value !== undefined) headers.set(name, value)
  }
  const given = context.req.header('cookie') ?? ''
  const cookies = cookiesForTarget(given, host)
  if (cookies !== undefined) headers.set('cookie', cookies)
  if (token !== undefined && links.isKnown(given, host)) headers.set('authorization', `Bearer ${token}`)
  return headers
}
