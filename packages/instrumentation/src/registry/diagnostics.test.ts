import { DiagLogLevel, diag } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'
import { logDiagnostic } from './diagnostics.ts'

function setLogger(write: (message: string) => void): void {
  diag.setLogger(
    { error: write, warn: write, info: write, debug: write, verbose: write },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  )
  onTestFinished(() => diag.disable())
}

test('a message names this package', () => {
  const messages: string[] = []
  setLogger((message) => messages.push(message))
  logDiagnostic('warn', 'something is wrong')
  expect(messages).toContain('@wombat/instrumentation: something is wrong')
})

test('a logger that throws does not affect the caller', () => {
  let isReady = false
  setLogger(() => {
    if (isReady) throw new Error('the log is full')
  })
  isReady = true
  expect(() => logDiagnostic('error', 'something is wrong')).not.toThrow()
  isReady = false
})
