import type { Context, MiddlewareHandler } from 'hono'
import type { Access } from './access.ts'
import { differentOrigin } from './authentication.ts'
import type { RequestLimits } from './limits/request-limits.ts'

/**
 * Rejects the requests that a page of another site makes in a browser, reads too: the page cannot see an answer, but could cost the process
 * work, and measure it. Who types an address, the console itself, and clients that are no browser are not concerned. A link may lead to the
 * page of the console, which contains no data.
 */
export function rejectCrossSite(limits: RequestLimits): MiddlewareHandler<Access> {
  return (context, next) => {
    const problem = context.req.header('sec-fetch-site') === 'none' ? undefined : differentOrigin(context)
    if (problem === undefined || isLinkToPage(context)) return next()
    limits.recordRefusal('cross_site', `a page of another site sent a request, which was answered with 403: ${problem}`)
    return Promise.resolve(context.json({ error: problem }, 403))
  }
}

function isLinkToPage({ req }: Context<Access>): boolean {
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  const isTopLevel = req.header('sec-fetch-mode') === 'navigate' && req.header('sec-fetch-dest') === 'document'
  return isRead && isTopLevel && req.path === '/'
}
