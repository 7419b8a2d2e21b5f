#!/usr/bin/env node
import '../require-node.ts'
import { main } from './main.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())
// The reader of the output may be gone, as in `| head`.
process.stdout.on('error', () => interrupted.abort())

process.exitCode = await main(process.argv.slice(2), {
  environment: process.env,
  stdout: process.stdout,
  stdin: process.stdin,
  printError: (line) => process.stderr.write(`${line}\n`),
  signal: interrupted.signal,
})
