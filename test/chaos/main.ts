// npm run chaos -- [--for 8h] [--seed 11] [--fault-seconds 10] [--only NAME]
import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '10m' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    'fault-seconds': { type: 'string', default: '10' },
    only: { type: 'string' },
  },
})
const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(values.for) ?? []
const seconds = Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN)
const seed = Number(values.seed)
const faultMs = Number(values['fault-seconds']) * 1000
if (!(seconds > 0)) throw new RangeError(`--for takes a time such as 90s, 10m or 8h, got ${values.for}`)
if (!Number.isSafeInteger(seed)) throw new RangeError(`--seed takes a whole number, got ${values.seed}`)
if (!(faultMs > 0)) throw new RangeError(`--fault-seconds takes a number above 0, got ${values['fault-seconds']}`)

const stop = new AbortController()
process.once('SIGINT', () => {
  console.log('ending: what is owed is waited for')
  stop.abort()
})
const onLine = (line: string): void => console.log(line)
const figures = await runChaos({ seconds, seed, faultMs, only: values.only, onLine, signal: stop.signal })
console.log(JSON.stringify(figures, undefined, 2))
const injected = Object.values(figures.faults).reduce((sum, one) => sum + one, 0)
const violated = figures.violations.length
console.log(`${figures.seconds} s, ${injected} faults, ${violated} violations`)
if (violated > 0) console.log(`the same choices again: npm run chaos -- --for ${values.for} --seed ${seed}`)
process.exit(violated === 0 ? 0 : 1)
