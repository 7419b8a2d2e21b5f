import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { isRemote } from '../config/host.ts'
import { isLoopbackName } from './middleware.ts'

/** What a route behind `seesDetails` knows of whoever asks. */
export interface Access {
  Bindings: Partial<HttpBindings>
  Variables: { readonly seesDetails: boolean }
}

/**
 * Lets everybody in and says who may see more than a status: with a token whoever brings it, without one whoever asks from this
 * very machine. A token that is wrong is 401: who brings one wants the details, and should not take the status for all there is.
 */
export function canSeeDetails(authToken: string | undefined): MiddlewareHandler<Access> {
  if (authToken === undefined) {
    return async (context, next) => {
      context.set('seesDetails', isOfThisMachine(context))
      await next()
    }
  }
  const withToken = bearerAuth<Access>({ token: authToken })
  return (context, next) => {
    const brings = context.req.header('authorization') !== undefined
    context.set('seesDetails', brings)
    return brings ? withToken(context, next) : next()
  }
}

/** Said by what hands on the questions of others. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/**
 * Whether it was this machine that asked: for itself, as no proxy did, and by its own name, as no page of somebody else's could.
 * Where nothing is known of the connection, behind a plain fetch handler, it was not.
 */
function isOfThisMachine(context: Context<Access>): boolean {
  // Where nobody gave one, there is no environment at all, whatever its type says.
  const address = context.env?.incoming?.socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/i, '')
  return (
    address !== undefined &&
    !isRemote(address) &&
    isLoopbackName(context.req.header('host')) &&
    proxyHeaders.every((name) => context.req.header(name) === undefined)
  )
}
