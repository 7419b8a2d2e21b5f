import { expect, test } from 'vitest'
import { encodeMessage, type Message, MessageDecoder } from './message.ts'

/** Messages of all sizes, also without numbers, and with text whose bytes are more than its characters. */
const messages: readonly Message[] = [
  { name: 'synced' },
  { name: 'hello', question: 1, body: { worker: 'ä€😀' } },
  { name: 'frame', body: { series: [] }, numbers: Float64Array.from([1, Number.NaN, -0, 5e-324, 1.7e308]) },
  { name: 'frame', body: 'x'.repeat(70_000), numbers: Float64Array.from({ length: 9000 }, (_, index) => index / 3) },
  { name: 'hello', answers: 1, error: 'no' },
]

test.each([1, 3, 7, 8, 64, 4096, 1_000_000])('messages are the same after they were sent in pieces of %i bytes', (size) => {
  const bytes = Buffer.concat(messages.map(encodeMessage))
  const decoder = new MessageDecoder()
  const decoded: Message[] = []
  for (let at = 0; at < bytes.length; at += size) decoded.push(...decoder.push(bytes.subarray(at, at + size)))
  expect(decoded).toEqual(messages)
})

test('bytes of something else are an error', () => {
  expect(() => new MessageDecoder().push(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toThrow('does not send messages')
})

test.each(['null', '1', '[]', '{}', '{"name":1}', 'no JSON'])('a message with the JSON %s is an error', (text) => {
  const json = Buffer.from(text.padEnd(16))
  const head = Buffer.from(new Uint32Array([json.length, 0]).buffer)
  expect(() => new MessageDecoder().push(Buffer.concat([head, json]))).toThrow()
})
