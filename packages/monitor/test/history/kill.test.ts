import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { kill, start } from './child-process.ts'
import { count, opened, temporaryPath } from './open-history.ts'
import { readAllSamples } from './read-history.ts'
import { createSamples, intervalMs } from './sample-data.ts'

test('after fifty kills at random times, the file opens each time, and every sample is in it, exactly once', async () => {
  const path = await temporaryPath()
  let next = 0
  for (let round = 0; round < 50; round++) {
    const { child, output } = start('writer-process.ts', path, String(next))
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    await sleep(Math.random() * 80)
    await kill(child)
    expect(output.stderr).toBe('')
    const completeLines = output.stdout.slice(0, output.stdout.lastIndexOf('\n'))
    const lastReported = Number(completeLines.slice(completeLines.lastIndexOf('\n') + 1))
    const { file } = await opened(path)
    const lastMs = file.lastSampleMs(Number.MAX_SAFE_INTEGER) as number
    file.close()
    // The sample that was not reported yet may have been written or not.
    expect([lastReported, lastReported + 1]).toContain(lastMs / intervalMs)
    next = lastMs / intervalMs + 1
  }
  expect(count(path, 'chunk')).toBeGreaterThan(10)
  const stored = await readAllSamples(path)
  expect([...stored.keys()]).toEqual(Array.from({ length: next }, (_, index) => index * intervalMs))
  const wrong = [...stored].filter(([timeMs, values]) =>
    createSamples(timeMs / intervalMs).some(
      ({ series, value }) => !Object.is(values.get(`${series.name}{${series.labels['index']}}`), value),
    ),
  )
  expect(wrong).toEqual([])
}, 60_000)

test('a second process is rejected while the first one runs, and not after it was killed', async () => {
  const path = await temporaryPath()
  const { child } = start('writer-process.ts', path)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  await expect(opened(path)).rejects.toThrow(`${path} is in use by another process: give each process its own history file`)
  await kill(child)
  await opened(path)
})
