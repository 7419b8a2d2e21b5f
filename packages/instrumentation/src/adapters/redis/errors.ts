import { getSystemErrorMap } from 'node:util'

/** The first words of Redis' error replies that are codes. */
const replyCodes = [
  'ERR',
  'WRONGTYPE',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'OOM',
  'MISCONF',
  'READONLY',
  'LOADING',
  'BUSY',
  'BUSYKEY',
  'BUSYGROUP',
  'NOGROUP',
  'NOSCRIPT',
  'UNKILLABLE',
  'NOTBUSY',
  'EXECABORT',
  'MASTERDOWN',
  'NOREPLICAS',
  'NOPROTO',
  'NOMASTERLINK',
  'MOVED',
  'ASK',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'CROSSSLOT',
  'INPROG',
] as const

/** Errors that the clients raise themselves, by the names of their classes. */
const clientErrors = [
  'AbortError',
  'ClientClosedError',
  'ClientOfflineError',
  'ClusterAllFailedError',
  'CommandTimeoutError',
  'ConnectionTimeoutError',
  'DisconnectsClientError',
  'MaxRetriesPerRequestError',
  'SocketClosedUnexpectedlyError',
  'SocketTimeoutError',
  'TimeoutError',
  'WatchError',
] as const

/** The values of `error_type`: codes of Redis' replies, names of the clients' errors, and codes of the system. */
export const redisErrorCodes: ReadonlySet<string> = new Set([
  ...replyCodes,
  ...clientErrors,
  ...[...getSystemErrorMap().values()].map(([name]) => name),
])

/**
 * Returns an object with the code of an error: the first word of Redis' reply, or the name of the client's error. The rest of a reply
 * may contain keys.
 */
export function withErrorCode(error: unknown): unknown {
  try {
    const { code, message, name, constructor: errorClass } = error as Error & { code?: unknown }
    if (typeof code === 'string' && redisErrorCodes.has(code)) return error
    const [word = ''] = typeof message === 'string' ? message.split(' ', 1) : []
    for (const candidate of [word, name, errorClass?.name]) if (redisErrorCodes.has(candidate)) return { code: candidate }
    return error
  } catch {
    // A getter of the error threw: the code is unknown.
    return undefined
  }
}
