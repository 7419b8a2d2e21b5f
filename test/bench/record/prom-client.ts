import { Registry } from 'prom-client'
import type { Case } from '../comparison.ts'
import { promClientRecorders } from '../recording/prom-client.ts'

/** Records with prom-client, with labels bound once. */
export function promClient(name: string, values: Float64Array): Case {
  const register = new Registry()
  const recorder = promClientRecorders(register, 'get')('bench')
  return {
    name,
    before: async () => {
      await register.metrics()
    },
    pass() {
      for (const seconds of values) recorder.succeed(seconds)
    },
  }
}
