/** Faults that make one instance the worst of the fleet by one indicator. */
const faults = [
  'failing',
  'slow',
  'write stalls',
  'current stall',
  'stuck operation',
  'critical',
  'alerting',
  'disk full',
  'memory full',
  'event loop delay',
] as const
/** A fault of one instance. */
export type Fault = (typeof faults)[number]

const fleetSize = 50
const stores = ['orders', 'users', 'sessions'] as const

/** One instance of the fleet, with its store and its fault, if it has one. */
export interface Member {
  readonly instance: string
  readonly store: string
  readonly fault?: Fault | undefined
}

/** The fleet. Every fifth instance, from the fourth on, has a different fault. */
export const members: readonly Member[] = Array.from({ length: fleetSize }, (_, index) => ({
  instance: `instance-${String(index).padStart(2, '0')}`,
  store: stores[index % stores.length] ?? stores[0],
  fault: index % 5 === 3 ? faults[(index - 3) / 5] : undefined,
}))
