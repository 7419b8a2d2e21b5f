import type { HealthReport } from '@wombat/monitor'

/** How everything is: one line and, for each check that is not well, what it found, why, and what to do first. */
export function healthLines({ status, checks }: HealthReport): string {
  const unwell = checks.filter((check) => check.status !== 'healthy')
  const reasons = unwell.map(({ name, store, status, message, cause, nextSteps }) => {
    const because = cause === undefined ? '' : ` Cause: ${cause.message}`
    const next = nextSteps?.[0] === undefined ? '' : ` Next: ${nextSteps[0]}`
    return `  ${status.padEnd(9)}  ${store === undefined ? '' : `${store} `}${name}: ${message}.${because}${next}`
  })
  return [`health  ${status} (${checks.length} checks)`, ...reasons].join('\n')
}
