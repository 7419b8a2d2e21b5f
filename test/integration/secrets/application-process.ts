// An application with everything switched on and secrets everywhere. It is told what to do, does it, and ends when it is told to.
import { once } from 'node:events'
import { explainConfig, startMonitoring } from '@wombat/monitor'
import { createConfig } from './application-config.ts'
import { useStores } from './application-stores.ts'
import type { TestSecrets } from './secrets.ts'

export interface Task {
  readonly secrets: TestSecrets
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
export interface Report {
  readonly urls: readonly string[]
  readonly results: Readonly<Record<string, string>>
}

const [task] = (await once(process, 'message')) as [Task]
const { control } = task
process.once('disconnect', () => process.exit())
process.stderr.write(`${control} begins\n`)
const config = createConfig(task)
const monitoring = await startMonitoring(config)
const { registry } = monitoring
// A number of the application's own that cannot be had.
registry.declare({ name: 'cart_balance_bytes', kind: 'gauge', unit: 'By', description: 'Own.', attributes: [] })
registry.gauge('cart_balance_bytes', {}).observe(() => {
  throw new Error(task.secrets.errorMessage)
})
registry.collectors.add(() => {
  throw new Error(task.secrets.folder)
})
const finish = await useStores(monitoring, task)
const { prometheus = '', json = '' } = monitoring.addresses
const results = {
  health: monitoring.health(),
  alerts: monitoring.alerts(),
  metrics: await monitoring.metrics(),
  snapshot: (await monitoring.snapshot()).points,
  slowOperations: monitoring.slowOperations(),
  errors: monitoring.errors.entries,
  'configuration explained': explainConfig(config),
}
const report: Report = {
  urls: [prometheus, json],
  results: Object.fromEntries(Object.entries(results).map(([name, value]) => [name, JSON.stringify(value)])),
}
process.send?.(report)
await once(process, 'message')
await finish()
await monitoring.close()
process.exit()
