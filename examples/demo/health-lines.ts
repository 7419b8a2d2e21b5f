import type { HealthReport } from '@wombat/monitor'

/** Formats a report as one line with the status and, for each check that is not healthy, one line with message, cause and first step. */
export function healthLines({ status, checks }: HealthReport): string {
  const failing = checks.filter((check) => check.status !== 'healthy')
  const lines = failing.map(({ name, store, status, message, cause, nextSteps }) => {
    const causeText = cause === undefined ? '' : ` Cause: ${cause.message}`
    const stepText = nextSteps?.[0] === undefined ? '' : ` Next: ${nextSteps[0]}`
    return `  ${status.padEnd(9)}  ${store === undefined ? '' : `${store} `}${name}: ${message}.${causeText}${stepText}`
  })
  return [`health  ${status} (${checks.length} checks)`, ...lines].join('\n')
}
