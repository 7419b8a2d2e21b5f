/** The ways in which one instance of the fleet can be worse than all others. */
const faults = [
  'failing',
  'slow',
  'held back',
  'stalled',
  'waiting',
  'critical',
  'alerting',
  'disk full',
  'memory full',
  'late',
] as const
export type Fault = (typeof faults)[number]

const fleetSize = 50
const stores = ['orders', 'users', 'sessions'] as const

/** One instance: how it is called, which store it has and what is wrong with it, if anything is. */
export interface Member {
  readonly instance: string
  readonly store: string
  readonly fault?: Fault | undefined
}

/** The fleet: every fifth instance, from the fourth on, has a fault, each another one. */
export const members: readonly Member[] = Array.from({ length: fleetSize }, (_, index) => ({
  instance: `instance-${String(index).padStart(2, '0')}`,
  store: stores[index % stores.length] ?? stores[0],
  fault: index % 5 === 3 ? faults[(index - 3) / 5] : undefined,
}))
