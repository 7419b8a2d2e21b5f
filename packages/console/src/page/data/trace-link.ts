import { effect, signal } from '@preact/signals'

const storageKey = 'wombat-trace-link'

/** An address of the reader's tracing system with `{traceId}` and, if it wants one, `{spanId}`. Empty: traces are not linked. */
export const traceLinkTemplate = signal(readTemplate())

effect(() => {
  const template = traceLinkTemplate.value
  try {
    if (template === '') localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, template)
  } catch {
    // A browser may refuse to store anything: the template then lasts as long as the page.
  }
})

function readTemplate(): string {
  try {
    const stored = localStorage.getItem(storageKey) ?? ''
    return findTemplateProblem(stored) === undefined ? stored : ''
  } catch {
    return ''
  }
}

/** Returns why a template cannot be used, and what to do; undefined if it can, or is empty. */
export function findTemplateProblem(template: string): string | undefined {
  if (template === '') return undefined
  if (!template.includes('{traceId}'))
    return `It must have {traceId}, the place of the ID: https://tracing.example/trace/{traceId}`
  const [one, other] = ['0', '1'].map((id) => parseAddress(fill(template, id, id)))
  if (one === undefined || other === undefined) return 'It must be a whole address that begins with https:// or http://'
  if (one.username !== '' || one.password !== '') return 'It must not have a user name or a password'
  return one.origin === other.origin ? undefined : '{traceId} and {spanId} must stand behind the name of the server'
}

/**
 * Returns the address of a trace; undefined if the template is not a safe one (only `http` and `https` are), if the ID is none of W3C Trace
 * Context, or if the template wants the ID of the span and there is none.
 */
export function formatTraceLink(template: string, traceId: string, spanId?: string): string | undefined {
  if (template === '' || findTemplateProblem(template) !== undefined || !/^[0-9a-f]{32}$/.test(traceId)) return undefined
  if (template.includes('{spanId}') && !/^[0-9a-f]{16}$/.test(spanId ?? '')) return undefined
  return parseAddress(fill(template, traceId, spanId ?? ''))?.href
}

/** Returns the address of a trace by the template that this browser remembers; undefined if there is none. */
export function traceLink(traceId: string | undefined, spanId?: string): string | undefined {
  return traceId === undefined ? undefined : formatTraceLink(traceLinkTemplate.value, traceId, spanId)
}

function fill(template: string, traceId: string, spanId: string): string {
  return template.trim().replaceAll('{traceId}', traceId).replaceAll('{spanId}', spanId)
}

function parseAddress(text: string): URL | undefined {
  // Without the slashes, a browser would complete the address in its own way.
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined
}
