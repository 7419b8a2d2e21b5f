import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EventLoopTurns } from './event-loop-turns.ts'
import { runAtOnce, TimeSlices, type TimeSlicesOptions } from './time-slices.ts'

/** An event loop whose time and turns the test decides. */
class ManualLoop {
  nowMs = 0
  #callbacks: Array<() => void> = []
  readonly turns = new EventLoopTurns({
    budgetMs: 2,
    now: () => this.nowMs,
    onNextTurn: (callback) => this.#callbacks.push(callback),
  })

  slices(options: TimeSlicesOptions = {}): TimeSlices {
    return new TimeSlices({ pause: 'turn', turns: this.turns, ...options })
  }

  /** Works for so long. */
  work(milliseconds: number): void {
    this.nowMs += milliseconds
  }

  /** Runs the next turn and all that it continues. */
  async turn(): Promise<void> {
    for (const callback of this.#callbacks.splice(0)) callback()
    await settled()
  }

  get isIdle(): boolean {
    return this.#callbacks.length === 0
  }
}

/** Resolves when everything has run that waits for nothing but other promises. */
async function settled(): Promise<void> {
  for (let tick = 0; tick < 20; tick++) await Promise.resolve()
}

test('the time of slices is reported, and not that of pauses and waits', async () => {
  const loop = new ManualLoop()
  const slicesSeconds: number[] = []
  const slices = loop.slices({ onSlice: (seconds) => slicesSeconds.push(seconds) })
  loop.work(5)
  expect(slices.isDue).toBe(true)
  const paused = slices.pause()
  loop.work(7)
  await loop.turn()
  await paused
  loop.work(3)
  slices.end()
  slices.end()
  loop.work(50)
  await loop.turn()
  slices.begin()
  slices.begin()
  expect(slices.isDue).toBe(false)
  loop.work(4)
  slices.end()
  expect(slicesSeconds).toEqual([0.005, 0.003, 0.004])
})

test('a wait that nobody reports is no time of a slice, and what follows has the budget of its own turn', async () => {
  const loop = new ManualLoop()
  const slicesSeconds: number[] = []
  const slices = loop.slices({ onSlice: (seconds) => slicesSeconds.push(seconds) })
  loop.work(1)
  await loop.turn()
  loop.work(1000)
  expect(slices.isDue).toBe(false)
  loop.work(1.5)
  expect(slices.isDue).toBe(false)
  loop.work(0.5)
  expect(slices.isDue).toBe(true)
  slices.end()
  expect(slicesSeconds).toEqual([0.002])
})

test('all work shares the budget of a turn, and takes turns in its order', async () => {
  const loop = new ManualLoop()
  const turns: string[][] = []
  const start = async (name: string, milliseconds: number): Promise<void> => {
    const slices = loop.slices()
    for (let done = 0; done < milliseconds; done++) {
      turns.at(-1)?.push(name)
      loop.work(1)
      await slices.yieldIfDue()
    }
  }
  turns.push([])
  const all = Promise.all([start('query', 4), start('scrape', 3), start('tick', 2)])
  await settled()
  while (!loop.isIdle) {
    turns.push([])
    await loop.turn()
  }
  await all
  expect(turns.filter((turn) => turn.length > 0)).toEqual([
    // Those that come when the budget is used up do one step: nothing can be divided further.
    ['query', 'scrape', 'tick', 'query'],
    ['scrape', 'scrape'],
    ['tick'],
    ['query', 'query'],
  ])
})

test('many parts that are created in one turn have one budget together', () => {
  const loop = new ManualLoop()
  const slices = loop.slices()
  loop.work(1)
  slices.end()
  slices.begin()
  expect(slices.isDue).toBe(false)
  loop.work(1)
  slices.end()
  slices.begin()
  expect(slices.isDue).toBe(true)
})

test('steps run with pauses, or at once, and give the same result', async () => {
  const loop = new ManualLoop()
  function* sum(): Generator<undefined, number> {
    let total = 0
    for (let one = 1; one <= 10; one++) {
      loop.work(1)
      total += one
      yield
    }
    return total
  }
  const result = loop.slices().run(sum())
  let turns = 0
  for (; !loop.isIdle; turns++) await loop.turn()
  expect(await result).toBe(55)
  expect(turns).toBeGreaterThanOrEqual(5)
  expect(runAtOnce(sum())).toBe(55)
})

test('work ends at its next pause when it is aborted, and cleans up', async () => {
  const loop = new ManualLoop()
  const controller = new AbortController()
  let [steps, cleanedUp] = [0, false]
  function* endless(): Generator<undefined, never> {
    try {
      for (;;) {
        loop.work(1)
        steps++
        yield
      }
    } finally {
      cleanedUp = true
    }
  }
  const result = loop.slices({ signal: controller.signal }).run(endless())
  await loop.turn()
  expect(steps).toBe(4)
  controller.abort(new Error('gone'))
  await loop.turn()
  await expect(result).rejects.toThrow('gone')
  expect([steps, cleanedUp]).toEqual([4, true])
})

test('the work of a real event loop lets everything else run', async () => {
  const slices = new TimeSlices({ pause: 'turn' })
  let ran = 0
  const timer = setInterval(() => ran++, 1)
  for (const endMs = performance.now() + 100; performance.now() < endMs; ) await slices.yieldIfDue()
  slices.end()
  expect(ran).toBeGreaterThan(5)
  clearInterval(timer)
  await sleep(1)
})
