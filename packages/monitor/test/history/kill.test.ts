import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { killed, start } from './child-process.ts'
import { count, opened, temporaryPath } from './open-history.ts'
import { everything } from './read-history.ts'
import { samplesAt, stepMs } from './sample-data.ts'

test('killed fifty times at any moment, a file opens each time, and everything that was written is there, exact and once', async () => {
  const path = await temporaryPath()
  let next = 0
  for (let round = 0; round < 50; round++) {
    const { child, said } = start('writer-process.ts', path, String(next))
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    await sleep(Math.random() * 80)
    await killed(child)
    expect(said.err).toBe('')
    const whole = said.out.slice(0, said.out.lastIndexOf('\n'))
    const lastSaid = Number(whole.slice(whole.lastIndexOf('\n') + 1))
    const { file } = await opened(path)
    const lastMs = file.lastSampleMs(Number.MAX_SAFE_INTEGER) as number
    file.close()
    // The tick that was being written may be there or not; it had not been said.
    expect([lastSaid, lastSaid + 1]).toContain(lastMs / stepMs)
    next = lastMs / stepMs + 1
  }
  expect(count(path, 'chunk')).toBeGreaterThan(10)
  const read = await everything(path)
  expect([...read.keys()]).toEqual(Array.from({ length: next }, (_, tick) => tick * stepMs))
  const wrong = [...read].filter(([timeMs, moment]) =>
    samplesAt(timeMs / stepMs).some(
      ({ series, value }) => !Object.is(moment.get(`${series.name}{${series.labels['index']}}`), value),
    ),
  )
  expect(wrong).toEqual([])
}, 60_000)

test('a second process is refused while the first lives, and not after it was killed', async () => {
  const path = await temporaryPath()
  const { child } = start('writer-process.ts', path)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  await expect(opened(path)).rejects.toThrow(`${path} is in use by another process: give each process its own history file`)
  await killed(child)
  await opened(path)
})
