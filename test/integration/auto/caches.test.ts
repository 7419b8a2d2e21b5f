import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { expect, test } from 'vitest'
import { preload, runApplication } from './application.ts'

/** The modules that an application loads, and what it does with them: three sets in each store. */
const applications: Readonly<Record<string, { readonly modules: Readonly<Record<string, string>>; readonly use: string }>> = {
  'node-cache': {
    modules: { NodeCache: 'node-cache' },
    use: `
      class Own extends NodeCache {}
      const first = new NodeCache({ checkperiod: 0 })
      const second = new Own({ checkperiod: 0 })
      for (const cache of [first, first, second]) cache.set('a', 1)`,
  },
  memory: {
    modules: { '{ createStorage, prefixStorage }': 'unstorage' },
    use: `
      const storage = createStorage()
      storage.setItem('a', '1')
      prefixStorage(storage, 'b').setItem('c', '1')
      Promise.resolve().then(() => storage.setItem('d', '1'))`,
  },
  hyperbee: {
    modules: { Hyperbee: 'hyperbee', Hypercore: 'hypercore', RAM: 'random-access-memory' },
    use: `
      const bee = new Hyperbee(new Hypercore(RAM), { keyEncoding: 'utf-8', valueEncoding: 'utf-8' })
      const users = bee.sub('users')
      users.put('ann', '1').then(() => bee.put('a', '1')).then(() => bee.snapshot().get('a'))
        .then(() => users.put('bob', '1')).then(() => bee.close())`,
  },
}

const loads: Readonly<Record<string, (name: string, module: string) => string>> = {
  commonjs: (name, module) => `const ${name} = require('${module}')\n`,
  module: (name, module) => `import ${name} from '${module}'\n`,
}

const cases = Object.keys(applications).flatMap((store) => Object.keys(loads).map((type) => [store, type] as const))

test.each(cases)('%s is found in a %s application, and counted from its first call', async (store, type) => {
  const { modules, use } = applications[store] as (typeof applications)[string]
  const loaded = Object.entries(modules).map(([name, module]) => loads[type]?.(name, module))
  const receiver = await startOtlpReceiver()
  const otlp = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const args = ['--import', preload, `--input-type=${type}`, '--eval', `${loaded.join('')}${use}`]
  const { ended, errors } = await runApplication(args, { ...otlp, WOMBAT_LOG_LEVEL: 'warn' })
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  expect(otlpValue(receiver.received[0]?.body as Buffer, 'db_set_operations_total', { store })).toBe(3)
})
