import { expect, test } from 'vitest'
import { findTemplateProblem, formatTraceLink } from './trace-link.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

test('the IDs take their places in the address', () => {
  expect(formatTraceLink('https://tracing.example/trace/{traceId}', traceId)).toBe(`https://tracing.example/trace/${traceId}`)
  expect(formatTraceLink('http://127.0.0.1:16686/trace/{traceId}?uiFind={spanId}', traceId, spanId)).toBe(
    `http://127.0.0.1:16686/trace/${traceId}?uiFind=${spanId}`,
  )
  expect(formatTraceLink(' https://tracing.example/#{traceId}/{traceId}', traceId)).toBe(
    `https://tracing.example/#${traceId}/${traceId}`,
  )
})

test('without a template, or without an ID that it wants, there is no link', () => {
  expect(formatTraceLink('', traceId)).toBeUndefined()
  expect(formatTraceLink('https://tracing.example/{traceId}/{spanId}', traceId)).toBeUndefined()
  expect(formatTraceLink('https://tracing.example/{traceId}', '../../admin')).toBeUndefined()
})

test.each([
  ['javascript:alert("{traceId}")', /begins with https/],
  ['JaVaScRiPt://%0aalert({traceId})', /begins with https/],
  ['data:text/html,{traceId}', /begins with https/],
  ['/trace/{traceId}', /begins with https/],
  ['//tracing.example/{traceId}', /begins with https/],
  ['https:tracing.example/{traceId}', /begins with https/],
  ['https://', /must have \{traceId\}/],
  ['https://tracing.example/trace/', /must have \{traceId\}/],
  ['https://user:password@tracing.example/{traceId}', /user name/],
  ['https://{traceId}.example/', /behind the name of the server/],
  ['https://tracing.example:{spanId}/{traceId}', /behind the name of the server/],
])('%s is refused, and makes no link', (template, problem) => {
  expect(findTemplateProblem(template)).toMatch(problem)
  expect(formatTraceLink(template, traceId, spanId)).toBeUndefined()
})
