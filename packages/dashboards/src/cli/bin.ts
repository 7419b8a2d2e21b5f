#!/usr/bin/env node
import '../require-node.ts'
import { main } from './main.ts'

process.exitCode = await main(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
})
