import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Addresses, MonitoringConfig } from '@wombat/monitor'
import { onTestFinished } from 'vitest'
import { stopProcess } from './backend-process.ts'
import { cleanEnvironment } from './clean-environment.ts'
import type { LoadStatistics, Message, StoreCommand } from './store-process.ts'
import { nodeFlags } from './type-stripping.ts'

/** A process with a monitored LevelDB store. It ends with the test that started it, also when that fails. */
export interface StoreUnderLoad {
  readonly metricsUrl: string
  readonly jsonUrl: string
  /** Lines of its log, the level first. */
  readonly log: readonly string[]
  /** @throws Error when the process ends instead of answering. */
  send(command: StoreCommand): Promise<LoadStatistics>
}

/** Starts it with this configuration; its doors and its logger are its own. */
export async function startStore(config: MonitoringConfig): Promise<StoreUnderLoad> {
  const script = fileURLToPath(new URL('store-process.ts', import.meta.url))
  const execArgv = [...nodeFlags, '--expose-gc']
  const child = fork(script, [JSON.stringify(config)], { execArgv, env: cleanEnvironment() })
  onTestFinished(() => stopProcess(child))
  const log: string[] = []
  const ready = Promise.withResolvers<Addresses>()
  const pending: PromiseWithResolvers<LoadStatistics>[] = []
  child.on('message', (message: Message) => {
    if (message.kind === 'ready') ready.resolve(message.addresses)
    else if (message.kind === 'answer') pending.shift()?.resolve(message.statistics)
    else log.push(`${message.level}: ${message.message} ${JSON.stringify(message.fields)}`)
  })
  child.once('exit', (code, signal) => {
    const error = new Error(`the process with the store ended with ${code ?? signal}`)
    for (const { reject } of [ready, ...pending]) reject(error)
  })
  const { prometheus, json } = await ready.promise
  return {
    metricsUrl: `${prometheus}/metrics`,
    jsonUrl: `${json}/api/v1/metrics`,
    log,
    send: (command) => {
      const answer = Promise.withResolvers<LoadStatistics>()
      pending.push(answer)
      child.send(command)
      return answer.promise
    },
  }
}
