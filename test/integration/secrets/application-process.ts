// An application with every output enabled and secrets everywhere. It runs the task of its parent and exits on request.
import { once } from 'node:events'
import { explainConfig, startMonitoring } from '@wombat/monitor'
import { createConfig } from './application-config.ts'
import { useStores } from './application-stores.ts'
import type { TestSecrets } from './secrets.ts'

export interface Task {
  readonly secrets: TestSecrets
  /** The name of the stores, which is not secret. */
  readonly control: string
  readonly folder: string
  readonly historyPath: string
  readonly authTokenFile: string
  readonly authUsersFile: string
  /** URLs of a server that accepts OTLP, webhooks and alerts, and of one that rejects them. */
  readonly receiver: string
  readonly rejecting: string
  /** The one of these URLs that receives metrics. */
  readonly otlp: string
  /** The result of the redactor; undefined if there is none. */
  readonly redacted?: string
}

/** Sent to the parent when the task is done: the URLs of the servers, and the results of the API as JSON. */
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
// A custom gauge whose callback fails.
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
