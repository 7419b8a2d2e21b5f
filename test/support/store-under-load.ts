import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Addresses, MonitoringConfig } from '@wombat/monitor'
import { onTestFinished } from 'vitest'
import { stopProcess } from './backend-process.ts'
import { cleanEnvironment } from './clean-environment.ts'
import type { LoadStatistics, Message, StoreCommand } from './store-process.ts'
import { nodeFlags } from './type-stripping.ts'

/** A process with a monitored LevelDB store. It is stopped when the test ends, whether it passes or fails. */
export interface StoreUnderLoad {
  readonly metricsUrl: string
  readonly jsonUrl: string
  /** Its log lines; each begins with the level. */
  readonly log: readonly string[]
  /** Sends a command and waits for the response. @throws Error if the process exits instead. */
  send(command: StoreCommand): Promise<LoadStatistics>
}

/** Starts the process with this configuration. It sets the ports and the logger itself. */
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
    const error = new Error(`the process with the store exited with ${code ?? signal}`)
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
