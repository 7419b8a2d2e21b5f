import { type AlertRule, type Condition, type ConditionName, conditionDirection, conditionTable } from '@wombat/monitor'

type Random = () => number

const names = conditionTable().map(({ condition }) => condition)

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)] as T
const maybe = <T extends object>(chance: number, random: Random, make: () => T): T | Record<string, never> =>
  random() < chance ? make() : {}

/** What a rule must suit. */
interface RuleContext {
  readonly intervalMs: number
  /** Whether the scenario is longer than the samples that are kept one by one: then windows cover whole steps of a minute. */
  readonly isLong: boolean
  /** Number of sets of labels: a rule may only replace a label if there is one. */
  readonly stores: number
}

/** Creates a random rule over the series of a scenario. The seed selects the kind of condition. */
export function createRandomRule(seed: number, { intervalMs, isLong, stores }: RuleContext, random: Random): AlertRule {
  const condition = randomCondition(names[seed % names.length] as ConditionName, { intervalMs, isLong, stores }, random)
  const hasThreshold = condition.condition !== 'metric_absent'
  const clear = hasThreshold && random() < 0.3 ? { clearThreshold: clearThreshold(condition, random) } : {}
  return {
    name: `Rule${seed}`,
    severity: pick(['info', 'warning', 'critical', 'emergency'], random),
    ...condition,
    ...clear,
    durationMs: pick([0, 0, intervalMs, 2.5 * intervalMs, 6 * intervalMs], random),
    ...maybe(0.3, random, () => ({ keepFiringForMs: pick([intervalMs, 3 * intervalMs, 3.5 * intervalMs], random) })),
    ...maybe(0.3, random, () => ({ onlyIf: trafficCondition(random), onlyIfBy: ['store'] })),
    ...(hasThreshold ? maybe(0.15, random, () => ({ noData: 'alert' as const })) : {}),
    ...maybe(0.3, random, () => ({ labels: { team: 'storage', ...(stores === 1 && { pod: pick(['', 'any'], random) }) } })),
  } as AlertRule
}

function trafficCondition(random: Random): Condition {
  return { condition: 'rate_above', metric: 'operations_total', by: ['store'], threshold: random() * 0.5 }
}

function randomCondition(condition: ConditionName, { intervalMs, isLong }: RuleContext, random: Random): Condition {
  const where = maybe(0.3, random, () => ({ where: { store: pick(['orders', 'users'], random) } }))
  const by = maybe(0.5, random, () => ({ by: ['store'] }))
  const longWindowMs = () => 60_000 * (60 + Math.floor(random() * 120))
  const window = maybe(0.8, random, () => ({
    windowMs: isLong ? longWindowMs() : Math.min(31 * 86_400_000, intervalMs * (2 + Math.floor(random() * 62))),
  }))
  const around = (middle: number): { threshold: number } => ({ threshold: middle * (0.3 + random() * 1.4) })
  switch (condition) {
    case 'metric_above':
    case 'metric_below':
      return { condition, metric: 'gauge', ...where, threshold: (random() - 0.5) * 10 }
    case 'metric_absent':
      return { condition, metric: 'gauge', ...where }
    case 'rate_above':
    case 'rate_below':
      return {
        condition,
        metric: 'errors_total',
        ...where,
        ...by,
        ...window,
        ...(random() < 0.3 ? { threshold: 0 } : around(1000 / intervalMs)),
      }
    case 'ratio_above':
    case 'ratio_below':
      return { condition, metric: 'errors_total', of: 'operations_total', ...where, ...by, ...window, ...around(0.1) }
    case 'share_above':
    case 'share_below':
      return { condition, metric: 'gauge', of: 'whole', ...where, ...by, threshold: (random() - 0.5) * 0.4 }
    case 'quantile_above':
    case 'quantile_below':
      return {
        condition,
        metric: 'latency',
        quantile: pick([0.5, 0.9, 0.99], random),
        ...where,
        ...by,
        ...window,
        ...around(0.1),
      }
    case 'forecast_above':
    case 'forecast_below':
      return { condition, metric: 'gauge', ...where, ...window, aheadMs: intervalMs * 10, threshold: (random() - 0.5) * 20 }
  }
}

/** Returns a clear threshold on the healthy side of the threshold. */
function clearThreshold(condition: Condition, random: Random): number {
  if (!('threshold' in condition)) return 0
  const { threshold } = condition
  const margin = Math.abs(threshold) * random() + random() * 0.01
  return conditionDirection(condition) === 'above' ? threshold - margin : threshold + margin
}
