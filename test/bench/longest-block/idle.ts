import { watchDelays } from './delays.ts'

// A process that does nothing: what the machine itself delays.
const report = await watchDelays(false)
process.on('message', async () => process.send?.(await report()))
process.send?.('ready')
