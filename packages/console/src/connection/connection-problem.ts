import { describeNetworkProblem } from './network-problem.ts'
import { readAnswer } from './read-answer.ts'
import { formatTarget, type Target } from './target.ts'

/** Returns why a process cannot be used, and what to do; undefined if it can. */
export async function connectionProblem(target: Target, signal: AbortSignal): Promise<string | undefined> {
  let response: Response
  try {
    response = await fetch(new URL('api/v1/session', target.url), {
      headers: authorization(target),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    })
    await readAnswer(response)
  } catch (error) {
    return `${formatTarget(target)} does not answer: ${describeNetworkProblem(error)}`
  }
  return describeStatus(target, response.status)
}

/** Returns the header with the token; no header without a token. */
export function authorization({ token }: Target): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** Returns what a status means, and what to do; undefined for a success. */
export function describeStatus(target: Target, status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined
  const address = formatTarget(target)
  if (status === 401) {
    const remedy = target.token === undefined ? 'set WOMBAT_AUTH_TOKEN to its authToken' : 'WOMBAT_AUTH_TOKEN has another one'
    return `${address} requires its token: ${remedy}`
  }
  if (status === 403) return `${address} refuses this request: connect to it by a name that it listens on, such as 127.0.0.1`
  if (status === 404)
    return `${address} answers, but is not the JSON API of a monitoring: check the port (jsonApiPort) and the path`
  if (status >= 300 && status < 400) return `${address} redirects to another address: connect to that one`
  return `${address} answers with status ${status}`
}
