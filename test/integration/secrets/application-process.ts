// An application with everything switched on and secrets everywhere. It is told what to do, does it, and ends when it is told to.
import { once } from 'node:events'
import { startMonitoring } from '@wombat/monitor'
import { explainConfig } from '../../../packages/monitor/src/config/explain.ts'
import { configOf } from './application-config.ts'
import { useStores } from './application-stores.ts'
import type { Planted } from './secrets.ts'

export interface Task {
  readonly planted: Planted
  /** A name that is no secret: that of the stores. */
  readonly control: string
  readonly folder: string
  readonly historyPath: string
  /** Where OTLP, the webhook's notifications and Alertmanager's go. */
  readonly receiver: string
  readonly refusing: string
  /** Where metrics go: one of these. */
  readonly otlp: string
  /** What the redactor gives back; without it there is no redactor. */
  readonly redacted?: string
}

/** What it says of itself when all is done: the doors, and what its own code can see. */
export interface Done {
  readonly doors: readonly string[]
  readonly told: Readonly<Record<string, string>>
}

const [task] = (await once(process, 'message')) as [Task]
const { control } = task
process.once('disconnect', () => process.exit())
process.stderr.write(`${control} begins\n`)
const config = configOf(task)
const monitoring = await startMonitoring(config)
const { registry } = monitoring
// A number of the application's own that cannot be had.
registry.declare({ name: 'cart_balance_bytes', kind: 'gauge', unit: 'By', description: 'Own.', attributes: [] })
registry.gauge('cart_balance_bytes', {}).observe(() => {
  throw new Error(task.planted.errorMessage)
})
registry.collectors.add(() => {
  throw new Error(task.planted.folder)
})
const finish = await useStores(monitoring, task)
const { prometheus = '', json = '' } = monitoring.addresses
const told = {
  health: monitoring.health(),
  alerts: monitoring.alerts(),
  metrics: await monitoring.metrics(),
  snapshot: (await monitoring.snapshot()).points,
  slowOperations: monitoring.slowOperations(),
  errors: monitoring.errors.entries,
  'configuration explained': explainConfig(config),
}
const done: Done = {
  doors: [prometheus, json],
  told: Object.fromEntries(Object.entries(told).map(([name, value]) => [name, JSON.stringify(value)])),
}
process.send?.(done)
await once(process, 'message')
await finish()
await monitoring.close()
process.exit()
