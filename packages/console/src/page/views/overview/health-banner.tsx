import type { HealthCheck } from '../../api/types.ts'
import { Status, statusRank } from '../../components/status.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { useAnswer } from '../../data/use-answer.ts'
import { linkTo } from '../../router.ts'

/** The worst health check with its cause and the next step, or that all is well. */
export function HealthBanner() {
  const { value } = useAnswer('api/v1/health')
  if (value?.checks === undefined) return null
  const failing = value.checks.filter(({ status }) => statusRank(status) > statusRank('unknown'))
  const worst = findWorst(failing)
  if (worst === undefined) return <AllHealthy checks={value.checks} />
  const { name, store, status, message, cause, nextSteps, sinceMs } = worst
  const others = failing.length - 1
  return (
    <section class={`health-banner health-banner-${status}`} aria-label="The worst health check">
      <div class="health-banner-head">
        <Status status={status} />
        <strong>
          {store !== undefined && <a href={linkTo('operations', { store })}>{store}</a>} {name.replaceAll('_', ' ')}
        </strong>
        {sinceMs !== undefined && (
          <span class="muted">
            since <TimeText timeMs={sinceMs} as="clock" />
          </span>
        )}
        <a
          class="health-banner-link"
          href={linkTo('health', { check: store === undefined ? name : `${store}/${name}`, store: undefined })}
        >
          {others === 0 ? 'Show the check' : `Show it and ${others} other ${others === 1 ? 'check' : 'checks'}`}
        </a>
      </div>
      <p class="health-banner-text">{message}</p>
      {cause !== undefined && (
        <p class="health-banner-text">
          <span class="muted">Cause:</span> {cause.message}
        </p>
      )}
      {nextSteps?.[0] !== undefined && (
        <p class="health-banner-text">
          <span class="muted">Next step:</span> {nextSteps[0]}
        </p>
      )}
    </section>
  )
}

function AllHealthy({ checks }: { readonly checks: readonly HealthCheck[] }) {
  const healthy = checks.filter(({ status }) => status === 'healthy').length
  if (healthy === 0) return null
  return (
    <section class="health-banner" aria-label="Health">
      <div class="health-banner-head">
        <Status status="healthy" />
        <span>
          {healthy === checks.length
            ? `All ${healthy} health checks pass.`
            : `${healthy} health checks pass; ${checks.length - healthy} cannot tell yet.`}
        </span>
        <a class="health-banner-link" href={linkTo('health', { store: undefined })}>
          Show them
        </a>
      </div>
    </section>
  )
}

/** Of equally bad checks, the one that is not the symptom of another. */
function findWorst(checks: readonly HealthCheck[]): HealthCheck | undefined {
  const weight = ({ status, cause }: HealthCheck): number => statusRank(status) * 2 + (cause?.check === undefined ? 1 : 0)
  return [...checks].sort((a, b) => weight(b) - weight(a))[0]
}
