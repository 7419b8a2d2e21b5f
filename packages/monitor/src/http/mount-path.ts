import type { Context, MiddlewareHandler } from 'hono'
import { getPath } from 'hono/utils/url'
import type { Access } from './access.ts'

/** Returns the path of a request below the base path; the whole path if it is not below it. */
export function pathBelow(basePath: string | undefined): (request: Request) => string {
  if (basePath === undefined) return (request) => getPath(request)
  return (request) => {
    const path = getPath(request)
    return isBelow(path, basePath) ? path.slice(basePath.length) || '/' : path
  }
}

/**
 * Returns the path at which a server of the application has mounted the endpoints, as the client requested it: empty at the root. Express
 * and Connect keep it in `originalUrl`. Other servers that cut the path off keep it nowhere: then it is empty, too.
 */
export function mountPath(context: Context<Access>, basePath: string | undefined): string {
  const whole = getPath(context.req.raw)
  return cutOffPath(context) + (basePath !== undefined && isBelow(whole, basePath) ? basePath : '')
}

/**
 * Redirects from the path at which the endpoints are mounted to the same with a slash: the files of the page are relative to it. The
 * address of the redirect is relative, because a proxy in front may serve it below yet another path.
 */
export const redirectToSlash: MiddlewareHandler<Access> = async (context, next) => {
  const { method, path, url } = context.req
  if (path !== '/' || (method !== 'GET' && method !== 'HEAD')) return next()
  // Without bindings, `env` is undefined, although its type does not allow it.
  const { originalUrl } = context.env?.incoming ?? {}
  const requested = originalUrl === undefined ? getPath(context.req.raw) : withoutQuery(originalUrl)
  if (requested.endsWith('/')) return next()
  const query = url.indexOf('?')
  return context.redirect(`./${requested.slice(requested.lastIndexOf('/') + 1)}/${query < 0 ? '' : url.slice(query)}`, 308)
}

function isBelow(path: string, basePath: string): boolean {
  return path === basePath || path.startsWith(`${basePath}/`)
}

/** Returns what Express has cut off the path. */
function cutOffPath(context: Context<Access>): string {
  const { originalUrl, url } = context.env?.incoming ?? {}
  if (originalUrl === undefined || url === undefined) return ''
  const [whole, rest] = [withoutQuery(originalUrl), withoutQuery(url)]
  // Express adds the slash of the root.
  if (rest === '/' && !whole.endsWith('/')) return whole
  return whole.endsWith(rest) ? whole.slice(0, whole.length - rest.length) : ''
}

function withoutQuery(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
