import type { Case } from '../comparison.ts'
import { clients, promClientRecorders } from '../recording/prom-client.ts'

/** Records with prom-client or its successor, with labels bound once. */
export function promClient(name: keyof typeof clients, values: Float64Array): Case {
  const client = clients[name]
  const register = new client.Registry()
  const recorder = promClientRecorders(register, 'get', client)('bench')
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
